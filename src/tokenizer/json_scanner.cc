#include "tokenizer/json_scanner.h"

#include "base/check.h"
#include "tokenizer/utf8.h"

namespace lapidary::tokenizer {
namespace {

bool is_white(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// The characters that skip_value has to look at.
constexpr std::array<bool, 256> kShapesJson = [] {
  std::array<bool, 256> out{};
  for (const char c : std::string_view("\"{}[],")) out[static_cast<unsigned char>(c)] = true;
  return out;
}();

bool ends_plain_text(unsigned char byte) {
  return byte == '"' || byte == '\\' || byte < 0x20;
}

}  // namespace

void JsonScanner::fail_here(const std::string& message) const {
  fail(ErrorKind::kCorrupt, what_, ": not valid JSON at byte ", at_, ": ", message);
}

char JsonScanner::peek() {
  while (at_ < text_.size() && is_white(text_[at_])) ++at_;
  return at_ < text_.size() ? text_[at_] : '\0';
}

void JsonScanner::expect_end() {
  peek();
  if (at_ != text_.size()) fail_here("expected the end of the text");
}

bool JsonScanner::accept(char wanted) {
  if (peek() != wanted || at_ == text_.size()) return false;
  ++at_;
  return true;
}

void JsonScanner::expect(char wanted, const char* description) {
  if (accept(wanted)) return;
  fail_here(cat("expected ", description, ", found ",
                at_ == text_.size() ? "the end" : lapidary::quoted(text_.substr(at_, 12))));
}

std::string_view JsonScanner::string(size_t storage) {
  expect('"', "a string");
  const size_t begin = at_;
  unsigned char seen = 0;
  while (at_ < text_.size()) {
    const auto byte = static_cast<unsigned char>(text_[at_]);
    if (ends_plain_text(byte)) break;
    seen |= byte;
    ++at_;
  }
  if (at_ == text_.size()) fail_here("a string without end");
  std::string_view out;
  if (text_[at_] == '"') {
    out = text_.substr(begin, at_ - begin);
    ++at_;
  } else {
    out = unescape(begin, storage_[storage]);
    seen = 0x80;
  }
  if (seen >= 0x80 && well_formed_prefix(out) != out.size()) {
    fail_here("the string before this place is not valid UTF-8");
  }
  return out;
}

// The string that began at `begin`, from the first escape (the cursor) on.
std::string_view JsonScanner::unescape(size_t begin, std::string& out) {
  out.assign(text_.substr(begin, at_ - begin));
  while (true) {
    if (at_ == text_.size()) fail_here("a string without end");
    const char c = text_[at_];
    if (static_cast<unsigned char>(c) < 0x20) fail_here("a control character inside a string");
    ++at_;
    if (c == '"') return out;
    if (c == '\\') {
      read_escape(out);
    } else {
      out += c;
    }
  }
}

void JsonScanner::read_escape(std::string& out) {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
  if (at_ == text_.size()) fail_here("a string without end");
  const char name = text_[at_++];
  const size_t known = kNames.find(name);
  if (known != std::string_view::npos) {
    out += kValues[known];
    return;
  }
  if (name != 'u')
    fail_here(cat("unknown escape \\", lapidary::quoted(std::string_view(&name, 1))));
  uint32_t value = four_hex_digits();
  if (value >= 0xD800 && value < 0xDC00 && text_.substr(at_, 2) == "\\u") {
    at_ += 2;
    const uint32_t low = four_hex_digits();
    if (low < 0xDC00 || low > 0xDFFF) fail_here("half a surrogate pair");
    value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
  }
  if (value >= 0xD800 && value <= 0xDFFF) fail_here("half a surrogate pair");
  append_code_point(out, value);
}

uint32_t JsonScanner::four_hex_digits() {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    uint32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint32_t>(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      digit = static_cast<uint32_t>((c | 0x20) - 'a' + 10);
    } else {
      fail_here("\\u needs four hexadecimal digits");
    }
    value = value << 4 | digit;
    ++at_;
  }
  return value;
}

int64_t JsonScanner::integer() {
  constexpr int64_t kMost = int64_t{1} << 62;
  const bool negative = accept('-');
  const size_t begin = at_;
  int64_t value = 0;
  while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
    if (value > kMost / 10 - 1) fail_here("an integer beyond 2^62");
    value = value * 10 + (text_[at_++] - '0');
  }
  const char next = at_ < text_.size() ? text_[at_] : '\0';
  const bool leading_zero = text_.substr(begin, 1) == "0" && at_ - begin > 1;
  if (at_ == begin || leading_zero || next == '.' || next == 'e' || next == 'E') {
    fail_here("expected an integer");
  }
  return negative ? -value : value;
}

std::string_view JsonScanner::skip_value() {
  peek();
  const size_t begin = at_;
  int64_t depth = 0;
  while (true) {
    while (at_ < text_.size() && !kShapesJson[static_cast<unsigned char>(text_[at_])]) ++at_;
    if (at_ == text_.size()) break;
    const char c = text_[at_];
    if (c == '"') {
      skip_string();
      continue;
    }
    const bool closes = c == '}' || c == ']';
    if (depth == 0 && (closes || c == ',')) break;
    if (c == '{' || c == '[') ++depth;
    if (closes) --depth;
    ++at_;
  }
  if (at_ == begin) fail_here("expected a value");
  return text_.substr(begin, at_ - begin);
}

// To behind the closing quote of the string at the cursor.
void JsonScanner::skip_string() {
  size_t end = text_.find('"', at_ + 1);
  while (end != std::string_view::npos) {
    size_t backslashes = 0;
    while (text_[end - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) break;
    end = text_.find('"', end + 1);
  }
  if (end == std::string_view::npos) {
    at_ = text_.size();
    fail_here("a string without end");
  }
  at_ = end + 1;
}

}  // namespace lapidary::tokenizer
