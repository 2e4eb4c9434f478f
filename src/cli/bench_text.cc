#include "cli/bench_text.h"

#include <array>
#include <cmath>
#include <functional>
#include <span>
#include <string_view>

#include "base/rng.h"
#include "tokenizer/utf8.h"

namespace lapidary::cli {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kCommonWords = {
    "the"sv,      "of"sv,        "and"sv,     "to"sv,       "a"sv,         "in"sv,
    "is"sv,       "that"sv,      "for"sv,     "it"sv,       "we"sv,        "with"sv,
    "as"sv,       "this"sv,      "by"sv,      "from"sv,     "so"sv,        "then"sv,
    "number"sv,   "which"sv,     "value"sv,   "first"sv,    "answer"sv,    "model"sv,
    "result"sv,   "therefore"sv, "because"sv, "between"sv,  "function"sv,  "question"sv,
    "equation"sv, "sum"sv,       "integer"sv, "positive"sv, "remainder"sv, "compute"sv,
    "triangle"sv, "however"sv};
constexpr std::array kSyllables = {"ba"sv,  "con"sv, "der"sv, "el"sv,   "fi"sv,  "gra"sv, "hor"sv,
                                   "in"sv,  "ka"sv,  "lo"sv,  "men"sv,  "nor"sv, "o"sv,   "pre"sv,
                                   "qui"sv, "res"sv, "sta"sv, "tion"sv, "ul"sv,  "ver"sv, "wi"sv,
                                   "xe"sv,  "ly"sv,  "zen"sv, "ment"sv, "able"sv};
constexpr std::array kNames = {"total"sv, "index"sv, "rows"sv,  "left"sv,  "right"sv,
                               "count"sv, "user"sv,  "items"sv, "state"sv, "path"sv};

// Draws numbers and writes pieces of text.
class Writer {
 public:
  std::string text;

  size_t below(size_t bound) {
    const double uniform = philox_uniform(1, 0, position_++);
    return static_cast<size_t>(uniform * static_cast<double>(bound));
  }
  std::string_view pick(std::span<const std::string_view> choices) {
    return choices[below(choices.size())];
  }
  void put(std::string_view part) { text += part; }
  void put_number(size_t bound) { text += std::to_string(below(bound)); }
  void put_letters(uint32_t first, size_t count, size_t how_many) {
    for (size_t i = 0; i < how_many; ++i) {
      // Squared: some letters are common, as in writing.
      const double uniform = philox_uniform(1, 1, position_++);
      const auto offset = static_cast<uint32_t>(uniform * uniform * static_cast<double>(count));
      tokenizer::append_code_point(text, first + offset);
    }
  }

  void put_word() {
    if (below(3) != 0) {
      put(pick(kCommonWords));
      return;
    }
    const size_t syllables = 1 + below(4);
    for (size_t i = 0; i < syllables; ++i) put(pick(kSyllables));
  }
  void put_prose() {
    const size_t words = 6 + below(18);
    for (size_t i = 0; i < words; ++i) {
      const size_t start = text.size();
      put_word();
      if (i == 0) text[start] = static_cast<char>(text[start] - 'a' + 'A');
      put(i + 1 == words ? (below(6) == 0 ? "?" : ".") : below(9) == 0 ? ", " : " ");
    }
    put(below(4) == 0 ? "\n\n" : " ");
  }
  void put_code() {
    put("def ");
    put(pick(kNames));
    put("_");
    put(pick(kSyllables));
    put("(self, ");
    put(pick(kNames));
    put("):\n    for i in range(");
    put_number(1000);
    put("):\n        if ");
    put(pick(kNames));
    put("[i] != None and i % ");
    put_number(16);
    put(" == 0:\n            self.");
    put(pick(kNames));
    put("[i] += ");
    put(pick(kNames));
    put("(i - 1)  # ");
    put_word();
    put("\n    return ");
    put(pick(kNames));
    put("\n\n");
  }
  void put_json() {
    put("{\"id\": ");
    put_number(100'000);
    put(", \"");
    put(pick(kNames));
    put("\": [");
    for (size_t i = below(6); i > 0; --i) {
      put_number(1000);
      put(".");
      put_number(100);
      put(", ");
    }
    put("0], \"ok\": true, \"text\": \"");
    put_word();
    put(" ");
    put_word();
    put("\"}\n");
  }
  void put_arithmetic() {
    put_number(10'000);
    put(" + ");
    put_number(1'000'000);
    put(" * x^{");
    put_number(9);
    put("} = \\frac{");
    put_number(100);
    put("}{");
    put_number(100);
    put("}\n");
  }
  void put_other_scripts() {
    constexpr uint32_t kHan = 0x4E00;
    constexpr uint32_t kHiragana = 0x3042;
    constexpr uint32_t kHangul = 0xAC00;
    constexpr uint32_t kCyrillic = 0x0430;
    const size_t script = below(4);
    for (size_t i = 3 + below(8); i > 0; --i) {
      if (script == 0) put_letters(kHan, 5000, 2 + below(8));
      if (script == 1) put_letters(kHiragana, 80, 2 + below(6));
      if (script == 2) put_letters(kHangul, 8000, 1 + below(4));
      if (script == 3) put_letters(kCyrillic, 32, 2 + below(9));
      put(script < 2 ? "\xE3\x80\x81" : " ");  // the ideographic comma
    }
    put("\n");
  }
  void put_emoji() {
    put_word();
    put(" ");
    put_letters(0x1F600, 80, 1 + below(4));
    put(" ");
  }
  void put_run() {
    constexpr std::array kRunCharacters = {" "sv, "="sv, "-"sv, "a"sv, "\n"sv, "0"sv, "\t"sv};
    const std::string_view character = pick(kRunCharacters);
    for (size_t i = 20 + below(200); i > 0; --i) put(character);
    put("\n");
  }

 private:
  uint64_t position_ = 0;
};

}  // namespace

std::vector<std::string> mixed_documents(size_t num_bytes) {
  struct Kind {
    size_t weight;
    void (Writer::*put)();
  };
  constexpr std::array kKinds = {Kind{40, &Writer::put_prose},
                                 Kind{16, &Writer::put_code},
                                 Kind{12, &Writer::put_json},
                                 Kind{10, &Writer::put_arithmetic},
                                 Kind{14, &Writer::put_other_scripts},
                                 Kind{6, &Writer::put_emoji},
                                 Kind{2, &Writer::put_run}};
  constexpr size_t kTotalWeight = 100;
  std::vector<std::string> out;
  Writer writer;
  for (size_t done = 0; done < num_bytes;) {
    const size_t wanted = 2048 + writer.below(4096);
    writer.text.clear();
    while (writer.text.size() < wanted) {
      size_t draw = writer.below(kTotalWeight);
      size_t kind = 0;
      while (draw >= kKinds[kind].weight) draw -= kKinds[kind++].weight;
      (writer.*kKinds[kind].put)();
    }
    done += writer.text.size();
    out.push_back(writer.text);
  }
  return out;
}

}  // namespace lapidary::cli
