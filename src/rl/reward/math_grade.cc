#include "rl/reward/math_grade.h"

#include <vector>

#include "rl/reward/algebra/expression.h"
#include "rl/reward/boxed.h"
#include "rl/reward/math_text.h"

namespace lapidary::rl {

namespace {

constexpr TextView kBrackets = U"()[]";

// The elements of a tuple or interval; anything else is one element.
std::vector<Text> elements(TextView normalized) {
  const Text text = without_digit_commas(normalized);
  if (text.empty()) {
    return {};
  }
  const bool is_tuple = text.size() > 2 && contains(kBrackets, TextView(&text.front(), 1)) &&
                        contains(kBrackets, TextView(&text.back(), 1)) &&
                        text.find_first_of(kBrackets, 1) == text.size() - 1;
  if (!is_tuple) {
    return {text};
  }
  std::vector<Text> parts = split(TextView(text).substr(1, text.size() - 2), U",");
  for (Text& part : parts) {
    part = Text(strip(part));
  }
  return parts;
}

bool are_equal_elements(const Text& truth, const Text& given) {
  if (is_fraction_text(truth) && is_fraction_text(given)) {
    return truth == given;  // a fraction must come reduced
  }
  if (is_integer_text(truth) != is_integer_text(given)) {
    return false;  // a whole number must come as one
  }
  return are_equal_expressions(truth, given);
}

bool are_equal_by_algebra(const Text& given, const Text& truth) {
  if (given.empty()) {
    return false;
  }
  const std::vector<Text> truths = elements(truth);
  const std::vector<Text> givens = elements(given);
  if (truths.size() > 1 && (truth.front() != given.front() || truth.back() != given.back())) {
    return false;
  }
  if (truths.size() != givens.size()) {
    return false;
  }
  for (size_t i = 0; i < truths.size(); ++i) {
    if (!are_equal_elements(truths[i], givens[i])) {
      return false;
    }
  }
  return true;
}

bool is_correct(TextView given, TextView truth) {
  return grade_math_answer(given, truth) != GradedBy::kNone;
}

}  // namespace

std::string_view to_string(GradedBy by) {
  switch (by) {
    case GradedBy::kNone:
      return "none";
    case GradedBy::kMathd:
      return "mathd";
    case GradedBy::kNormalized:
      return "normalize";
    case GradedBy::kAlgebra:
      return "sympy";
  }
  return "";
}

GradedBy grade_math_answer(TextView given, TextView truth) {
  if (normalize_mathd(given) == normalize_mathd(truth)) {
    return GradedBy::kMathd;
  }
  const Text given_text = normalize_math(given);
  const Text truth_text = normalize_math(truth);
  if (given_text == truth_text) {
    return GradedBy::kNormalized;
  }
  return are_equal_by_algebra(given_text, truth_text) ? GradedBy::kAlgebra : GradedBy::kNone;
}

bool is_math_correct(TextView response, TextView label) {
  if (label.empty()) {
    return false;
  }
  Text truth(label);
  if (contains(label, U"\\boxed")) {
    const std::optional<Text> inside = boxed_answer(label);
    if (!inside) {
      return false;
    }
    truth = *inside;
  }
  const std::optional<Text> given = boxed_answer(response);
  return given && is_correct(*given, truth);
}

bool is_deepscaler_correct(TextView response, TextView label) {
  constexpr TextView kThoughtEnd = U"</think>";
  constexpr TextView kResponse = U"###Response";
  if (contains(label, U"\\fbox") && !contains(label, U"\\boxed")) {
    return false;  // only a \boxed of a label is opened
  }
  const size_t thought = response.rfind(kThoughtEnd);
  if (thought != TextView::npos) {
    return is_math_correct(response.substr(thought + kThoughtEnd.size()), label);
  }
  const size_t begin = response.find(kResponse);
  if (begin == TextView::npos) {
    return false;
  }
  const TextView behind = response.substr(begin + kResponse.size());
  return is_math_correct(behind.substr(0, behind.find(kResponse)), label);
}

}  // namespace lapidary::rl
