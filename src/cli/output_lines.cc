#include "cli/output_lines.h"

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
  const std::string text = dump_json(line) + "\n";
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) fail_writing();
  if (file_ == stdout && std::fflush(file_) != 0) fail_writing();
}

void OutputLines::finish() {
  if (std::fflush(file_) != 0) fail_writing();
}

}  // namespace lapidary::cli
