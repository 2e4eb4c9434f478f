#include "rl/reward/word_overlap.h"

#include <array>
#include <map>
#include <vector>

#include "rl/text/python_text.h"

namespace lapidary::rl {

namespace {

constexpr TextView kPunctuation = U"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

bool is_article(TextView word) {
  return word == U"a" || word == U"an" || word == U"the";
}

// Articles become spaces; a word ends where no letter or digit follows.
Text without_articles(const Text& text) {
  Text out;
  for (size_t at = 0; at < text.size();) {
    if (!is_word_character(text[at])) {
      out.push_back(text[at++]);
      continue;
    }
    size_t end = at;
    while (end < text.size() && is_word_character(text[end])) {
      ++end;
    }
    const Text word = text.substr(at, end - at);
    out += is_article(word) ? U" " : word;
    at = end;
  }
  return out;
}

std::vector<Text> words_of(std::string_view bytes) {
  Text text;
  for (const char32_t c : lower(decode_utf8(bytes))) {
    if (!contains(kPunctuation, TextView(&c, 1))) {
      text.push_back(c);
    }
  }
  text = without_articles(text);
  std::vector<Text> words;
  for (size_t at = skip_spaces(text, 0); at < text.size(); at = skip_spaces(text, at)) {
    const size_t begin = at;
    while (at < text.size() && !is_space(text[at])) {
      ++at;
    }
    words.push_back(text.substr(begin, at - begin));
  }
  return words;
}

bool is_whole_answer(const std::vector<Text>& words) {
  return words.size() == 1 && (words[0] == U"yes" || words[0] == U"no" || words[0] == U"noanswer");
}

}  // namespace

double word_overlap(std::string_view answer, std::string_view label) {
  const std::vector<Text> given = words_of(answer);
  const std::vector<Text> wanted = words_of(label);
  if ((is_whole_answer(given) || is_whole_answer(wanted)) && given != wanted) {
    return 0.0;
  }
  std::map<Text, size_t> open;
  for (const Text& word : wanted) {
    ++open[word];
  }
  double shared = 0;
  for (const Text& word : given) {
    const auto found = open.find(word);
    if (found != open.end() && found->second > 0) {
      --found->second;
      ++shared;
    }
  }
  if (shared == 0) {
    return 0.0;
  }
  const double precision = shared / static_cast<double>(given.size());
  const double recall = shared / static_cast<double>(wanted.size());
  return 2 * precision * recall / (precision + recall);
}

}  // namespace lapidary::rl
