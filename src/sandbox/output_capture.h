// The bounded record of one output stream.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lapidary::sandbox {

// `bytes` as valid UTF-8: what is not becomes U+FFFD, one for each longest invalid run that could
// have begun a character (as Python's "replace" does).
std::string repair_utf8(std::string_view bytes);

// Which part of a long output is kept.
enum class Kept { kBeginning, kEnd };

class OutputCapture {
 public:
  OutputCapture(Kept kept, int64_t max_bytes) : kept_(kept), max_bytes_(max_bytes) {}

  void append(std::string_view bytes);
  int64_t total_bytes() const { return total_bytes_; }
  bool is_truncated() const { return total_bytes_ > max_bytes_; }

  // The kept part, cut at characters and repaired, with a mark where something is missing.
  std::string text() const;

 private:
  Kept kept_;
  int64_t max_bytes_;
  int64_t total_bytes_ = 0;
  std::string bytes_;  // kEnd: up to twice max_bytes_, the older half of no use
};

}  // namespace lapidary::sandbox
