#include "rl/reward/multiple_choice.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "rl/record/prompt.h"
#include "rl/text/python_text.h"

namespace lapidary::rl {

namespace {

constexpr size_t kDefaultLetters = 10;

constexpr char32_t kLongS = 0x17F;
constexpr char32_t kDotlessI = 0x131;

char32_t upper_letter(char32_t code) {
  if (code == kLongS || code == kDotlessI) {
    return code == kLongS ? U'S' : U'I';
  }
  return code >= U'a' && code <= U'z' ? code - U'a' + U'A' : code;
}

// As [A-Z] matches without case: also the signs for a dotted I and for kelvin.
bool is_letter(char32_t code) {
  const char32_t upper = upper_letter(code);
  return (upper >= U'A' && upper <= U'Z') || code == 0x130 || code == 0x212A;
}

Text upper(TextView text) {
  Text out;
  for (const char32_t code : text) {
    out.push_back(upper_letter(code));
  }
  return out;
}

// Small letters and digits, everything between them as one space.
Text plain_words(TextView text) {
  Text out;
  for (const char32_t code : lower(text)) {
    const bool is_kept = is_ascii_digit(code) || (code >= U'a' && code <= U'z');
    if (is_kept) {
      out.push_back(code);
    } else if (!out.empty() && out.back() != U' ') {
      out.push_back(U' ');
    }
  }
  return Text(strip(out));
}

// The words of one pattern, read from a position; a sign of the reference's regular expressions.
class Reader {
 public:
  Reader(TextView text, size_t at) : text_(text), at_(at) {}

  bool take_word(TextView word) {
    if (!upper(text_.substr(at_, word.size())).starts_with(upper(word))) {
      return false;
    }
    at_ += word.size();
    return true;
  }
  void take_spaces() { at_ = skip_spaces(text_, at_); }
  std::optional<char32_t> take_letter() {
    if (at_ == text_.size() || !is_letter(text_[at_])) {
      return std::nullopt;
    }
    return upper_letter(text_[at_++]);
  }

 private:
  TextView text_;
  size_t at_;
};

// "answer", "option" or "choice", then perhaps "is" or ":", then a letter, spaces between.
std::optional<char32_t> letter_behind(TextView text, size_t at,
                                      std::initializer_list<TextView> words) {
  for (const TextView word : words) {
    Reader reader(text, at);
    if (!reader.take_word(word)) {
      continue;
    }
    reader.take_spaces();
    Reader after = reader;
    if (after.take_word(U"is") || after.take_word(U":")) {
      after.take_spaces();
      if (const auto letter = after.take_letter()) {
        return letter;
      }
    }
    if (const auto letter = reader.take_letter()) {
      return letter;  // also the "i" of an "is" that no letter follows
    }
  }
  return std::nullopt;
}

// A letter, then "is", perhaps "the", then "correct".
std::optional<char32_t> letter_before(TextView text, size_t at) {
  Reader reader(text, at);
  const auto letter = reader.take_letter();
  reader.take_spaces();
  if (!letter || !reader.take_word(U"is")) {
    return std::nullopt;
  }
  reader.take_spaces();
  Reader after = reader;
  if (after.take_word(U"the")) {
    after.take_spaces();
    if (after.take_word(U"correct")) {
      return letter;
    }
  }
  return reader.take_word(U"correct") ? letter : std::nullopt;
}

// "final", then "answer" or "option", and on as letter_behind.
std::optional<char32_t> final_letter(TextView text, size_t at) {
  Reader reader(text, at);
  if (!reader.take_word(U"final")) {
    return std::nullopt;
  }
  return letter_behind(text, skip_spaces(text, at + 5), {U"answer", U"option"});
}

template <typename Match>
std::optional<char32_t> first_match(TextView text, const Match& match) {
  for (size_t at = 0; at < text.size(); ++at) {
    if (const auto letter = match(text, at)) {
      return letter;
    }
  }
  return std::nullopt;
}

std::optional<Text> picked_letter(TextView text, const std::vector<Text>& valid) {
  const auto as_valid = [&valid](std::optional<char32_t> letter) -> std::optional<Text> {
    if (!letter || std::find(valid.begin(), valid.end(), Text(1, *letter)) == valid.end()) {
      return std::nullopt;
    }
    return Text(1, *letter);
  };
  const auto behind = [](TextView t, size_t at) {
    return letter_behind(t, at, {U"answer", U"option", U"choice"});
  };
  for (const auto& found : {first_match(text, behind), first_match(text, letter_before),
                            first_match(text, final_letter)}) {
    if (auto letter = as_valid(found)) {
      return letter;
    }
  }
  // The last capital that stands alone.
  for (size_t at = text.size(); at-- > 0;) {
    const bool is_alone = text[at] >= U'A' && text[at] <= U'Z' &&
                          (at == 0 || !is_word_character(text[at - 1])) &&
                          (at + 1 == text.size() || !is_word_character(text[at + 1]));
    if (is_alone) {
      if (auto letter = as_valid(text[at])) {
        return letter;
      }
    }
  }
  return std::nullopt;
}

Text text_of(const Json& value) {
  return decode_utf8(label_text(value).value_or("None"));
}

std::vector<Text> choices_of(const Json& metadata) {
  std::vector<Text> choices;
  if (metadata.contains("choices") && metadata["choices"].is_structured()) {
    for (const Json& choice : metadata["choices"]) {
      choices.push_back(text_of(choice));
    }
  }
  return choices;
}

std::vector<Text> valid_letters(const Json& metadata, size_t num_choices) {
  std::vector<Text> letters;
  if (metadata.contains("valid_letters") && metadata["valid_letters"].is_array() &&
      !metadata["valid_letters"].empty()) {
    for (const Json& letter : metadata["valid_letters"]) {
      letters.push_back(upper(text_of(letter)));
    }
    return letters;
  }
  const size_t count = num_choices > 0 ? std::min<size_t>(num_choices, 26) : kDefaultLetters;
  for (size_t i = 0; i < count; ++i) {
    letters.emplace_back(1, U'A' + static_cast<char32_t>(i));
  }
  return letters;
}

Text field_text(const Json& metadata, const char* key) {
  return metadata.contains(key) && !metadata[key].is_null() ? text_of(metadata[key]) : Text();
}

// What is asked for: a letter, if one is known, and the texts that would also do.
struct Target {
  Text letter;
  Text label;
};

Target target_of(const Json& label, const Json& metadata, const std::vector<Text>& valid,
                 const std::vector<Text>& choices) {
  const auto is_valid = [&valid](const Text& letter) {
    return std::find(valid.begin(), valid.end(), letter) != valid.end();
  };
  Target target;
  if (metadata.contains("correct_letter") && metadata["correct_letter"].is_string()) {
    target.letter = upper(strip(field_text(metadata, "correct_letter")));
  }
  if (label.is_string()) {
    target.label = Text(strip(text_of(label)));
    if (target.letter.empty() && target.label.size() == 1 && is_valid(upper(target.label))) {
      target.letter = upper(target.label);
    }
  } else if (label.is_number() || label.is_boolean()) {
    const double number =
        label.is_boolean() ? (label.get<bool>() ? 1.0 : 0.0) : label.get<double>();
    if (number > -1 && number < static_cast<double>(valid.size())) {
      target.letter = valid[static_cast<size_t>(number)];
    }
  }
  if (target.letter.empty() && !target.label.empty()) {
    for (size_t i = 0; i < choices.size() && i < valid.size(); ++i) {
      if (plain_words(choices[i]) == plain_words(target.label)) {
        target.letter = valid[i];
        break;
      }
    }
  }
  return target;
}

}  // namespace

double multiple_choice_score(std::string_view bytes, const Json& label, const Json& metadata) {
  const Text whole = decode_utf8(bytes);
  TextView response = whole;
  constexpr TextView kThoughtEnd = U"</think>";
  if (const size_t thought = response.rfind(kThoughtEnd); thought != TextView::npos) {
    response.remove_prefix(thought + kThoughtEnd.size());
  }
  const std::vector<Text> choices = choices_of(metadata);
  const std::vector<Text> valid = valid_letters(metadata, choices.size());
  const Target target = target_of(label, metadata, valid, choices);
  const std::optional<Text> picked = picked_letter(response, valid);
  if (picked && !target.letter.empty()) {
    return *picked == target.letter ? 1.0 : 0.0;
  }
  std::vector<Text> texts = {field_text(metadata, "correct_answer"),
                             field_text(metadata, "answer_text"), target.label};
  const auto place = std::find(valid.begin(), valid.end(), target.letter);
  if (place != valid.end() && static_cast<size_t>(place - valid.begin()) < choices.size()) {
    texts.push_back(choices[static_cast<size_t>(place - valid.begin())]);
  }
  const Text words = plain_words(response);
  for (const Text& text : texts) {
    const Text wanted = plain_words(text);
    if (!wanted.empty() && contains(words, wanted)) {
      return 1.0;
    }
  }
  return picked && *picked == upper(target.label) ? 1.0 : 0.0;
}

}  // namespace lapidary::rl
