// The --output of the verbs that write one JSON object a line.
#pragma once

#include <cstdio>
#include <span>
#include <string>

#include "base/dim.h"
#include "base/json.h"

namespace lapidary::cli {

// Lines to a file, which is created anew, or with "-" to standard output, each as soon as it is
// written. Throws Error{kIo or kExhausted} with the path and the reason.
class OutputLines {
 public:
  explicit OutputLines(std::string path);
  ~OutputLines();
  OutputLines(const OutputLines&) = delete;
  OutputLines& operator=(const OutputLines&) = delete;

  void write(const Json& line);
  // The same for a line that is JSON already, without its end.
  void write_text(const std::string& line);
  void finish();  // reports what an error at the very end would hide

 private:
  [[noreturn]] void fail_writing() const;
  std::string path_;
  std::FILE* file_;
};

// JSON lists for lines that carry fp32 values: integers, and numbers with nine significant digits
// (which name one fp32 value).
std::string json_list(std::span<const int64_t> values);
std::string json_list(std::span<const float> values);

}  // namespace lapidary::cli
