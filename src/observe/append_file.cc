#include "observe/append_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/check.h"
#include "base/file.h"

namespace lapidary::observe {

AppendFile::AppendFile(const std::string& path)
    : path_(path), fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
  if (fd_ < 0) fail(ErrorKind::kIo, "cannot open ", path, " for appending: ", last_os_error());
}

AppendFile::~AppendFile() {
  ::close(fd_);
}

void AppendFile::append(std::string_view record) {
  while (!record.empty()) {
    const ssize_t put = ::write(fd_, record.data(), record.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      const ErrorKind kind = errno == ENOSPC ? ErrorKind::kExhausted : ErrorKind::kIo;
      fail(kind, "cannot write ", path_, ": ", last_os_error());
    }
    record.remove_prefix(static_cast<size_t>(put));
  }
}

}  // namespace lapidary::observe
