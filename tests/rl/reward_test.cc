#include <gtest/gtest.h>

#include "base/error.h"
#include "rl/reward/algebra/expression.h"
#include "rl/reward/dapo.h"
#include "rl/reward/latex_text.h"
#include "rl/reward/math_grade.h"
#include "rl/reward/math_text.h"
#include "rl/reward/retool_reward.h"
#include "rl/reward/rule_reward.h"
#include "rl/text/python_json.h"

namespace lapidary::rl {
namespace {

TEST(Expression, ProvesWhatIsEqual) {
  const std::vector<std::pair<TextView, TextView>> equal = {
      {U"(x+1)^3", U"x^3+3x^2+3x+1"},
      {U"1/(x-1)-1/(x+1)", U"2/(x^2-1)"},
      {U"sqrt(50)+sqrt(8)", U"7sqrt(2)"},
      {U"1/(sqrt(3)-sqrt(2))", U"sqrt(3)+sqrt(2)"},
      {U"(1+sqrt(5))/2", U"2/(sqrt(5)-1)"},
      {U"sqrt(-4)", U"2sqrt(-1)"},
      {U"sqrt(4x)", U"2sqrt(x)"},
      {U"ln(8)/ln(2)", U"3"},
      {U"3pi/2", U"1.5pi"},
      {U"2^x*2", U"2*2^x"},
      {U"(x^2-1)/(x-1)", U"x+1"},
      {U"x^-1", U"1/x"},
      {U"0.1", U"1/10"},
      {U"3!x", U"6x"}};
  for (const auto& [left, right] : equal) {
    if (left == U"3!x") {
      EXPECT_FALSE(are_equal_expressions(left, right)) << "not covered: must not be guessed";
      continue;
    }
    EXPECT_TRUE(are_equal_expressions(left, right)) << encode_utf8(left);
    EXPECT_TRUE(are_equal_expressions(right, left)) << encode_utf8(left);
  }
}

TEST(Expression, NeverGuesses) {
  const std::vector<std::pair<TextView, TextView>> different = {
      {U"sqrt(x^2)", U"x"},  // wrong for negative x
      {U"sqrt(x)sqrt(y)", U"sqrt(xy)"},
      {U"0.1+0.2", U"0.3"},
      {U"0.3333333333333333", U"1/3"},
      {U"1/0", U"1/0+1"},
      {U"0^0", U"1"},
      {U"2^1/2", U"sqrt(2)"},
      {U"x+y+z", U"z+y+x"},
      {U"x", U"y"},
      {U"(1,2)", U"(2,1)"},
      {U"1e400", U"1e400+1"},
      {U"x)-(x", U"0"},
      {U"", U""},
      {U"007", U"7"}};
  for (const auto& [left, right] : different) {
    EXPECT_FALSE(are_equal_expressions(left, right)) << encode_utf8(left);
  }
}

TEST(Expression, EndsOnWhatIsLargeOrDeep) {
  Text deep;
  for (int i = 0; i < 20000; ++i) {
    deep += U"(";
  }
  EXPECT_FALSE(are_equal_expressions(deep + U"1", U"1"));
  Text tower = U"x";
  for (int i = 0; i < 30; ++i) {
    tower = U"(" + tower + U"+y)^9";
  }
  EXPECT_FALSE(are_equal_expressions(tower, U"x+y"));
  Text sum = U"1";
  for (int i = 0; i < 5000; ++i) {
    sum += U"+x/(x+" + ascii(std::to_string(i)) + U")";
  }
  EXPECT_FALSE(are_equal_expressions(sum, U"x"));
}

TEST(LatexText, PrintsWhatTheReferencesConverterPrints) {
  const std::vector<std::pair<TextView, std::string>> known = {
      {U"\\frac{1}{2}\\pi", "1/2\u03C0"},
      {U"\\sqrt[3]{x}", "\u221A(x)"},
      {U"a \\quad b", "a   b"},
      {U"\\begin{pmatrix}1&22\\\\3&4\\end{pmatrix}", "[  1 22;  3  4 ]"},
      {U"\\mathbb{R}\\not=\\hat{a}", "\u211D\u2260\u00E2"},
      {U"\\unknown{x}}y", "xy"},
      {U"{open", "open"},
      {U"\\frac{1}", "%s/%s1"},
      {U"\\( x \\)", "x"}};
  for (const auto& [latex, text] : known) {
    const auto found = latex_to_text(latex);
    ASSERT_TRUE(found.has_value()) << encode_utf8(latex);
    EXPECT_EQ(encode_utf8(*found), text) << encode_utf8(latex);
  }
  EXPECT_FALSE(latex_to_text(U"\\sqrt").has_value());
  EXPECT_FALSE(latex_to_text(Text(1000, U'{')).has_value());
}

TEST(MathGrade, TakesAnyText) {
  Text hostile;
  for (char32_t c = 1; c < 0x3000; c += 7) {
    hostile += c;
    hostile += c % 5 == 0 ? U"\\frac" : c % 3 == 0 ? U"{" : U"^";
  }
  EXPECT_EQ(grade_math_answer(hostile, U"1"), GradedBy::kNone);
  EXPECT_EQ(grade_math_answer(hostile, hostile), GradedBy::kMathd);
}

TEST(RuleReward, ScoresWhatItCannotReadAsWrong) {
  for (const char* type :
       {"dapo", "math", "deepscaler", "gpqa", "f1", "boxed_math", "boxed_dapo"}) {
    for (const Json& label :
         {Json(), Json(""), Json("no number"), Json(0), Json(2.5), Json(true)}) {
      RewardRequest request;
      request.type = type;
      request.response = "nothing to see";
      request.label = label;
      const Json reward = rule_reward(request);
      const double score =
          reward.is_object() ? reward["score"].get<double>() : reward.get<double>();
      EXPECT_LE(score, 0.0) << type << " " << dump_json(label);
    }
  }
}

TEST(RuleReward, KnowsALabelOfZero) {
  RewardRequest request;
  request.type = "math";
  request.response = "\\boxed{0}";
  request.label = 0;
  EXPECT_EQ(rule_reward(request), 1);
  request.type = "boxed_dapo";
  EXPECT_EQ(rule_reward(request)["score"], 1.0);
}

TEST(RuleReward, NamesTheTypesThereAre) {
  RewardRequest request;
  request.type = "nosuch";
  try {
    rule_reward(request);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("deepscaler"), std::string::npos);
  }
}

TEST(RuleReward, RandomGoesByItsSeed) {
  RewardRequest request;
  request.type = "random";
  int ones = 0;
  for (request.seed = 0; request.seed < 200; ++request.seed) {
    EXPECT_EQ(rule_reward(request), rule_reward(request));
    ones += rule_reward(request).get<int>();
  }
  EXPECT_GT(ones, 70);
  EXPECT_LT(ones, 130);
}

TEST(RetoolReward, PunishesAWrongAnswerLessTheMoreToolsWereTried) {
  double before = -2;
  for (Dim calls = 0; calls < 20; ++calls) {
    const double score = retool_reward("\\boxed{1}", "2", calls)["score"].get<double>();
    EXPECT_GE(score, before);
    EXPECT_LE(score, -0.6);
    before = score;
  }
  EXPECT_EQ(retool_reward("\\boxed{2}<turn|>", "2", 0)["score"], 1.0);
}

TEST(PythonJson, ReadsWhatPythonReads) {
  EXPECT_EQ((*parse_python_json("{\"a\": NaN, \"b\": -Infinity}"))["a"], Json());
  EXPECT_EQ((*parse_python_json("{\"a\": \"NaN\"}"))["a"], "NaN");
  EXPECT_EQ((*parse_python_json("{\"a\": \"\\ud83d\\ude00\"}"))["a"], "\U0001F600");
  EXPECT_EQ((*parse_python_json("{\"a\": \"\\ud83d!\"}"))["a"], "\uFFFD!");
  EXPECT_FALSE(parse_python_json("{\"a\": 1,}").has_value());
}

TEST(PythonText, PrintsAndRoundsAsPythonDoes) {
  EXPECT_EQ(python_repr(1e16), "1e+16");
  EXPECT_EQ(python_repr(123456.0), "123456.0");
  EXPECT_EQ(python_repr(1e-5), "1e-05");
  EXPECT_EQ(python_repr(0.1), "0.1");
  EXPECT_EQ(python_repr(round_to_tenth(-1.05)), "-1.1");
  EXPECT_EQ(python_repr(round_to_tenth(0.25)), "0.2");
  EXPECT_EQ(integer_text(-0.4), "0");
  EXPECT_EQ(parse_float(U" 1_000.5 "), 1000.5);
  EXPECT_FALSE(parse_float(U"1__0").has_value());
  EXPECT_FALSE(parse_float(U"0x10").has_value());
}

}  // namespace
}  // namespace lapidary::rl
