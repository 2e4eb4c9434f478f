// A file that only grows: each append is one write(2), so that a killed run leaves whole records
// and at most one torn last one.
#pragma once

#include <string>
#include <string_view>

namespace lapidary::observe {

class AppendFile {
 public:
  // Opens or creates; throws Error{kIo} with path and reason.
  explicit AppendFile(const std::string& path);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  // Throws Error{kExhausted} when the disk is full, else Error{kIo}.
  void append(std::string_view record);
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int fd_;
};

}  // namespace lapidary::observe
