// What is wrong with a template is said with its line.
#include <gtest/gtest.h>

#include "tokenizer/chat_template.h"

namespace lapidary::tokenizer {
namespace {

struct Wrong {
  const char* text;
  RenderFailure failure;
  int line;
  const char* reason;  // a part of it
};

constexpr Wrong kWrong[] = {
    Wrong{"a\n{% if x %}\nb", RenderFailure::kSyntax, 3, "looking for 'elif' or 'else'"},
    Wrong{"a\n\n{% frobnicate %}", RenderFailure::kSyntax, 3, "unknown tag 'frobnicate'"},
    Wrong{"{% for x in y %}\n{% endif %}", RenderFailure::kSyntax, 2, "'endfor'"},
    Wrong{"\n{{ x | frobnicate }}", RenderFailure::kSyntax, 2, "No filter named 'frobnicate'"},
    Wrong{"\n{{ x is frobnicated }}", RenderFailure::kSyntax, 2, "No test named"},
    Wrong{"\n\n{{ 'abc }}", RenderFailure::kSyntax, 3, "unexpected char"},
    Wrong{"{{ (1 }}", RenderFailure::kSyntax, 1, "unexpected '}', expected ')'"},
    Wrong{"\n{# never closed", RenderFailure::kSyntax, 2, "Missing end of comment tag"},
    Wrong{"{% raw %}\n{{", RenderFailure::kSyntax, 1, "Missing end of raw directive"},
    Wrong{"{{ 1 +\n}}", RenderFailure::kSyntax, 2, "unexpected"},
    Wrong{"{% break %}", RenderFailure::kSyntax, 1, "outside of a loop"},
    Wrong{"{{ '\\N{BULLET}' }}", RenderFailure::kSyntax, 1, "not supported"},
    Wrong{"a\n{{ x.y }}", RenderFailure::kUndefined, 2, "'x' is undefined"},
    Wrong{"{% set d = {'k': 1} %}\n\n{{ d.q.r }}", RenderFailure::kUndefined, 3,
          "'dict object' has no attribute 'q'"},
    Wrong{"{% macro m() %}\n{{ 1 + 'a' }}\n{% endmacro %}\n{{ m() }}", RenderFailure::kType, 2,
          "unsupported operand type(s) for +: 'int' and 'str'"},
    Wrong{"\n{{ [].append(1) }}", RenderFailure::kSecurity, 2, "'append' of 'list'"},
    Wrong{"\n{{ ''.__class__.__mro__ }}", RenderFailure::kSecurity, 2, "__class__"},
    Wrong{"\n{{ raise_exception('no\\nway') }}", RenderFailure::kRaise, 2, "no\nway"},
    Wrong{"{% include 'other' %}", RenderFailure::kType, 1, "needs another template"},
    Wrong{"{{ 2 ** 200 }}", RenderFailure::kType, 1, "127 bits"}};

TEST(JinjaErrors, NameTheLineAndTheReason) {
  for (const Wrong& wrong : kWrong) {
    try {
      ChatTemplate::from_text(wrong.text, "a.jinja").render(Json::object());
      FAIL() << wrong.text << " rendered";
    } catch (const RenderError& error) {
      EXPECT_EQ(error.failure(), wrong.failure) << error.what();
      EXPECT_EQ(error.line(), wrong.line) << error.what();
      EXPECT_NE(error.reason().find(wrong.reason), std::string::npos) << error.reason();
      const std::string place = "a.jinja line " + std::to_string(wrong.line) + ": ";
      EXPECT_EQ(std::string(error.what()).find(place), 0U) << error.what();
    }
  }
}

TEST(JinjaErrors, ATemplateThatIsNotUtf8IsCorrupt) {
  try {
    ChatTemplate::from_text("ab\xFF", "broken");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    EXPECT_NE(std::string(error.what()).find("not UTF-8 at byte 2"), std::string::npos);
  }
}

TEST(JinjaErrors, ALoneSurrogateInTheResultIsAnError) {
  const auto compiled = ChatTemplate::from_text("{{ '\\ud83d' | length }}{{ '\\ud83d' }}", "half");
  EXPECT_THROW(compiled.render(Json::object()), RenderError);
  EXPECT_EQ(ChatTemplate::from_text("{{ '\\ud83d' | length }}", "t").render(Json::object()), "1");
}

TEST(JinjaErrors, ContextMustBeAnObjectOfUtf8Texts) {
  const auto compiled = ChatTemplate::from_text("{{ x }}", "t");
  EXPECT_THROW(compiled.render(Json::array()), Error);
  EXPECT_THROW(compiled.render(Json{{"x", "\xC3"}}), RenderError);
  EXPECT_EQ(compiled.render(Json{{"y", "\xC3"}}), "");  // not looked at
}

}  // namespace
}  // namespace lapidary::tokenizer
