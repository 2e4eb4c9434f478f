#include "rl/reward/algebra/expression.h"

#include <array>
#include <charconv>
#include <set>

#include "rl/reward/algebra/rational_field.h"

namespace lapidary::rl {

namespace {

constexpr size_t kMaxLetters = 2;
constexpr size_t kMaxDecimalDigits = 15;  // what 53 bits hold
constexpr int kMaxDepth = 100;

// Words that mean something else than a product of their letters to the reference.
constexpr std::array<TextView, 26> kOtherWords = {
    U"all", U"as",  U"csc", U"eye", U"ff", U"fft", U"frac", U"fu", U"gff",
    U"hn1", U"hn2", U"id",  U"if",  U"im", U"in",  U"is",   U"jn", U"li",
    U"nan", U"ntt", U"oo",  U"or",  U"re", U"rf",  U"yn",   U"zoo"};
// Greek names are one symbol; others of these would have more than two letters.
constexpr std::array<TextView, 3> kGreek = {U"mu", U"nu", U"xi"};

// The reference does not evaluate what might take it long.
bool may_be_evaluated(TextView expression) {
  std::set<char32_t> letters;
  for (const char32_t c : replace_all(replace_all(expression, U"sqrt", U""), U"frac", U"")) {
    if (is_alpha(c)) {
      letters.insert(c);
    }
  }
  if (letters.size() > kMaxLetters || contains(expression, U"^{") || contains(expression, U"^(")) {
    return false;
  }
  for (size_t at = expression.find(U'^'); at != TextView::npos;
       at = expression.find(U'^', at + 1)) {
    size_t end = at + 1;
    while (end < expression.size() && is_ascii_digit(expression[end])) {
      ++end;
    }
    const size_t digits = end - at - 1;
    if (digits > 1 || (digits == 1 && end < expression.size() && expression[end] == U'^')) {
      return false;
    }
  }
  return true;
}

bool is_word_start(char32_t c) {
  return is_alpha(c) || c == U'_';
}
bool is_word_part(char32_t c) {
  return is_word_start(c) || is_ascii_digit(c);
}

// Recursive descent with Python's precedence; every value is worked out as it is read.
class Evaluator {
 public:
  explicit Evaluator(TextView text) : text_(text) {}

  using Value = RationalField::Result;

  Value evaluate() {
    Value value = sum();
    return at_ == text_.size() ? value : std::nullopt;
  }

 private:
  bool starts(TextView token) const { return text_.substr(at_).starts_with(token); }
  bool take(TextView token) {
    if (!starts(token)) {
      return false;
    }
    at_ += token.size();
    return true;
  }

  Value sum() {
    if (++depth_ > kMaxDepth) {
      return std::nullopt;
    }
    Value left = product();
    while (left && (starts(U"+") || starts(U"-"))) {
      const bool is_plus = text_[at_++] == U'+';
      const Value right = product();
      if (!right) {
        return std::nullopt;
      }
      left = is_plus ? field_.add(*left, *right) : field_.subtract(*left, *right);
    }
    --depth_;
    return left;
  }

  Value product() {
    Value left = signed_factor();
    while (left) {
      if (starts(U"**") || starts(U"//")) {
        return std::nullopt;
      }
      const bool is_division = take(U"/");
      const bool is_product = !is_division && (take(U"*") || begins_factor());
      if (!is_division && !is_product) {
        break;
      }
      const Value right = signed_factor();
      if (!right) {
        return std::nullopt;
      }
      left = is_division ? field_.divide(*left, *right) : field_.multiply(*left, *right);
    }
    return left;
  }

  // What may stand behind a factor without a sign.
  bool begins_factor() const {
    return at_ < text_.size() &&
           (text_[at_] == U'(' || is_word_start(text_[at_]) || is_ascii_digit(text_[at_]));
  }

  Value signed_factor() {
    bool is_negative = false;
    while (starts(U"+") || starts(U"-")) {
      is_negative = (text_[at_++] == U'-') != is_negative;
    }
    Value value = power();
    if (!value || !is_negative) {
      return value;
    }
    const Value minus = field_.constant(Coefficient(-1));
    return field_.multiply(*minus, *value);
  }

  Value power() {
    if (++depth_ > kMaxDepth) {
      return std::nullopt;
    }
    Value base = postfix();
    // A word is a product of letters of which only the last is raised.
    std::vector<Quotient> before = std::move(letters_before_);
    letters_before_.clear();
    if (base && (take(U"^") || take(U"**"))) {
      const Value exponent = exponent_factor();
      base = exponent ? field_.power(*base, *exponent) : std::nullopt;
    }
    for (auto letter = before.rbegin(); base && letter != before.rend(); ++letter) {
      base = field_.multiply(*letter, *base);
    }
    --depth_;
    return base;
  }

  Value exponent_factor() {
    bool is_negative = false;
    while (starts(U"+") || starts(U"-")) {
      is_negative = (text_[at_++] == U'-') != is_negative;
    }
    const size_t begin = at_;
    Value value = power();
    if (!value) {
      return std::nullopt;
    }
    // A word above is a product whose first letter alone is the exponent to some readings.
    const bool is_word = at_ - begin > 1 && is_word_start(text_[begin]);
    if (is_word) {
      return std::nullopt;
    }
    const Value minus = field_.constant(Coefficient(-1));
    return is_negative ? field_.multiply(*minus, *value) : value;
  }

  Value postfix() {
    Value value = atom();
    if (value && starts(U"!")) {
      ++at_;
      const bool is_alone = letters_before_.empty() && !starts(U"!") && !begins_factor();
      value = is_alone ? field_.factorial(*value) : std::nullopt;
    }
    return value;
  }

  Value atom() {
    if (at_ == text_.size()) {
      return std::nullopt;
    }
    if (text_[at_] == U'(') {
      return parenthesis();
    }
    if (is_word_start(text_[at_])) {
      return word();
    }
    return is_ascii_digit(text_[at_]) || text_[at_] == U'.' ? number() : std::nullopt;
  }

  Value parenthesis() {
    ++at_;
    Value value = sum();
    return value && take(U")") ? value : std::nullopt;
  }

  Value word() {
    const size_t begin = at_;
    while (at_ < text_.size() && is_word_part(text_[at_])) {
      ++at_;
    }
    const TextView name = text_.substr(begin, at_ - begin);
    for (const TextView other : kOtherWords) {
      if (name == other) {
        return std::nullopt;
      }
    }
    if (contains(name, U"_") || starts(U".")) {
      return std::nullopt;
    }
    if (name == U"sqrt" || name == U"ln") {
      if (!starts(U"(")) {
        return std::nullopt;
      }
      const Value argument = parenthesis();
      if (!argument) {
        return std::nullopt;
      }
      return name == U"ln" ? field_.logarithm(*argument) : field_.square_root(*argument);
    }
    if (name == U"pi") {
      return field_.symbol("pi");
    }
    for (const TextView greek : kGreek) {
      if (name == greek) {
        return field_.symbol(encode_utf8(name));
      }
    }
    return letters(name);
  }

  // A word as the product of its letters and numbers: "x2y" is x * 2 * y.
  Value letters(TextView name) {
    std::vector<Quotient> factors;
    for (size_t i = 0; i < name.size();) {
      size_t end = i + 1;
      Value factor;
      if (is_ascii_digit(name[i])) {
        while (end < name.size() && is_ascii_digit(name[end])) {
          ++end;
        }
        factor = integer(name.substr(i, end - i));
      } else {
        factor = field_.symbol(encode_utf8(name.substr(i, 1)));
      }
      if (!factor) {
        return std::nullopt;
      }
      factors.push_back(*factor);
      i = end;
    }
    const Quotient last = factors.back();
    factors.pop_back();
    letters_before_ = std::move(factors);
    return last;
  }

  Value integer(TextView digits) const {
    int64_t value = 0;
    const std::string text = encode_utf8(digits);
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc()) {
      return std::nullopt;
    }
    return field_.constant(Coefficient(value));
  }

  void skip_digits() {
    while (at_ < text_.size() && is_ascii_digit(text_[at_])) {
      ++at_;
    }
  }

  Value number() {
    const size_t begin = at_;
    skip_digits();
    bool is_decimal = take(U".");
    skip_digits();
    if (starts(U"e") && at_ + 1 < text_.size()) {
      const bool has_sign = text_[at_ + 1] == U'+' || text_[at_ + 1] == U'-';
      const size_t digits = at_ + 1 + static_cast<size_t>(has_sign);
      if (digits < text_.size() && is_ascii_digit(text_[digits])) {
        is_decimal = true;
        at_ = digits;
        skip_digits();
      }
    }
    const TextView text = text_.substr(begin, at_ - begin);
    // 1_000, 0x1f, 2j and 1.2.3 mean something else in Python, 007 is an error.
    const bool is_cut_short = starts(U".") || starts(U"_") || starts(U"j") ||
                              (text == U"0" && (starts(U"x") || starts(U"b") || starts(U"o")));
    if (text == U"." || is_cut_short) {
      return std::nullopt;
    }
    if (!is_decimal) {
      const bool has_zero_in_front =
          text.size() > 1 && text[0] == U'0' && text.find_first_not_of(U'0') != TextView::npos;
      return has_zero_in_front ? std::nullopt : integer(text);
    }
    size_t digits = 0;  // behind leading zeros
    for (const char32_t c : text) {
      digits += is_ascii_digit(c) && (digits > 0 || c != U'0') ? 1 : 0;
    }
    const std::optional<double> value = parse_float(text);
    if (!value || digits > kMaxDecimalDigits) {
      return std::nullopt;
    }
    return field_.constant(Coefficient::decimal(*value));
  }

  TextView text_;
  size_t at_ = 0;
  int depth_ = 0;
  RationalField field_;
  std::vector<Quotient> letters_before_;
};

// Two sides that are put together must not close each other's parentheses.
bool is_balanced(TextView text) {
  int depth = 0;
  for (const char32_t c : text) {
    depth += c == U'(' ? 1 : c == U')' ? -1 : 0;
    if (depth < 0) {
      return false;
    }
  }
  return depth == 0;
}

}  // namespace

bool are_equal_expressions(TextView truth, TextView given) {
  if (!is_balanced(truth) || !is_balanced(given)) {
    return false;
  }
  const Text difference = U"(" + Text(truth) + U")-(" + Text(given) + U")";
  if (!may_be_evaluated(difference)) {
    return false;
  }
  const RationalField::Result value = Evaluator(difference).evaluate();
  return value && value->numerator.is_zero();
}

}  // namespace lapidary::rl
