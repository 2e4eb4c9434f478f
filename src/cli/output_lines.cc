#include "cli/output_lines.h"

#include <array>
#include <cerrno>

#include "base/check.h"
#include "base/file.h"

namespace lapidary::cli {

OutputLines::OutputLines(std::string path)
    : path_(std::move(path)), file_(path_ == "-" ? stdout : std::fopen(path_.c_str(), "wb")) {
  if (file_ == nullptr) fail(ErrorKind::kIo, "cannot create ", path_, ": ", last_os_error());
}

OutputLines::~OutputLines() {
  if (file_ != nullptr && file_ != stdout) std::fclose(file_);
}

void OutputLines::fail_writing() const {
  const ErrorKind kind = errno == ENOSPC ? ErrorKind::kExhausted : ErrorKind::kIo;
  fail(kind, "cannot write ", path_ == "-" ? "standard output" : path_, ": ", last_os_error());
}

void OutputLines::write(const Json& line) {
  write_text(dump_json(line));
}

void OutputLines::write_text(const std::string& line) {
  const std::string text = line + "\n";
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) fail_writing();
  if (std::fflush(file_) != 0) fail_writing();
}

void OutputLines::finish() {
  if (std::fflush(file_) != 0) fail_writing();
}

std::string json_list(std::span<const int64_t> values) {
  std::string out = "[";
  for (const int64_t value : values) {
    if (out.size() > 1) out += ", ";
    out += std::to_string(value);
  }
  return out + "]";
}

std::string json_list(std::span<const float> values) {
  std::string out = "[";
  std::array<char, 32> text{};
  for (const float value : values) {
    if (out.size() > 1) out += ", ";
    std::snprintf(text.data(), text.size(), "%.9g", static_cast<double>(value));
    out += text.data();
  }
  return out + "]";
}

}  // namespace lapidary::cli
