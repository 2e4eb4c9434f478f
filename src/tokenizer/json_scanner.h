// A cursor over a JSON text for the parts of a tokenizer.json that are too large for a document
// tree (half a million merges). Strict where it looks: strings must be well-formed UTF-8, escapes
// and separators as RFC 8259 has them. Values that it skips are handed out as text, for
// parse_json to judge.
//
//   JsonScanner scan(text, "tokenizer.json");
//   scan.each_member([&](std::string_view key) { ids[std::string(key)] = scan.integer(); });
//   scan.expect_end();
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace lapidary::tokenizer {

class JsonScanner {
 public:
  // Neither is copied; `what` names the document in messages. Every method throws Error{kCorrupt}
  // with `what` and the byte where the text is not what the method reads.
  JsonScanner(std::string_view text, std::string_view what) : text_(text), what_(what) {}

  // The next character that is not white space, 0 at the end. Does not move past it.
  char peek();
  void expect_end();

  // A view into the text, or into a buffer of the scanner where there are escapes. It lasts until
  // `storage` (0 or 1: two strings can be held at once) is used again.
  std::string_view string(size_t storage = 0);
  int64_t integer();  // within +-2^62
  std::string_view skip_value();

  // Calls each(key) for every member of the object at the cursor; `each` must read the value. The
  // key lasts until the value's strings are read.
  template <typename Each>
  void each_member(Each&& each) {
    expect('{', "an object");
    if (accept('}')) return;
    do {
      if (peek() != '"') fail_here("expected a key in double quotes");
      const std::string_view key = string();
      expect(':', "':' after a key");
      each(key);
    } while (accept(','));
    expect('}', "',' or '}'");
  }

  template <typename Each>
  void each_element(Each&& each) {
    expect('[', "an array");
    if (accept(']')) return;
    do {
      each();
    } while (accept(','));
    expect(']', "',' or ']'");
  }

  bool accept(char wanted);
  void expect(char wanted, const char* description);
  [[noreturn]] void fail_here(const std::string& message) const;

 private:
  std::string_view unescape(size_t begin, std::string& out);
  void read_escape(std::string& out);
  void skip_string();
  uint32_t four_hex_digits();

  std::string_view text_;
  std::string_view what_;
  size_t at_ = 0;
  std::array<std::string, 2> storage_;
};

}  // namespace lapidary::tokenizer
