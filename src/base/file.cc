#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace lapidary {
namespace {

ErrorKind kind_of_errno() {
  if (errno == ENOENT || errno == ENOTDIR) return ErrorKind::kNotFound;
  if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == ENOMEM)
    return ErrorKind::kExhausted;
  return ErrorKind::kIo;
}

class FileDescriptor {
 public:
  FileDescriptor(const std::string& path, int flags, const char* doing)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (fd_ < 0) fail(kind_of_errno(), "cannot ", doing, " ", path, ": ", last_os_error());
  }
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

size_t regular_file_size(const FileDescriptor& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0)
    fail(kind_of_errno(), "cannot stat ", path, ": ", last_os_error());
  if (S_ISDIR(status.st_mode))
    fail(ErrorKind::kInvalidArgument, "cannot read ", path, ": it is a folder");
  return static_cast<size_t>(status.st_size);
}

}  // namespace

std::string last_os_error() {
  return std::strerror(errno);
}

std::string read_file(const std::string& path) {
  const FileDescriptor file(path, O_RDONLY, "open");
  std::string out(regular_file_size(file, path), '\0');
  size_t filled = 0;
  while (true) {
    if (filled == out.size()) out.resize(out.size() + 4096);  // pipes and /proc report size 0
    const ssize_t got = ::read(file.get(), out.data() + filled, out.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(kind_of_errno(), "cannot read ", path, ": ", last_os_error());
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  out.resize(filled);
  return out;
}

void write_file_atomically(const std::string& path, std::string_view contents) {
  FileWriter writer(path);
  writer.append(std::as_bytes(std::span(contents)));
  writer.finish();
}

FileWriter::FileWriter(std::string path) : path_(std::move(path)) {
  struct stat status {};
  const bool is_special = ::lstat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  if (!is_special) temporary_ = cat(path_, ".tmp.", ::getpid());
  const std::string& opened = is_special ? path_ : temporary_;
  descriptor_ = ::open(opened.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail(kind_of_errno(), "cannot create ", path_, ": ", last_os_error());
}

FileWriter::~FileWriter() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void FileWriter::fail_writing() {
  fail(kind_of_errno(), "cannot write ", path_, ": ", last_os_error());
}

void FileWriter::reserve(size_t bytes) {
  if (bytes == 0 || temporary_.empty() ||
      ::fallocate(descriptor_, 0, 0, static_cast<off_t>(bytes)) == 0)
    return;
  if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) {
    fail(ErrorKind::kExhausted, "cannot write ", path_, ": it takes ",
         bytes_text(static_cast<double>(bytes)), ": ", last_os_error());
  }
}

void FileWriter::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail_writing();
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
}

void FileWriter::finish() {
  if (!temporary_.empty()) {
    if (::fsync(descriptor_) != 0) fail_writing();
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_writing();
  }
  ::close(std::exchange(descriptor_, -1));
}

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path) {
  const FileDescriptor file(path, O_RDONLY, "open");
  const size_t size = regular_file_size(file, path);
  const std::byte* data = nullptr;
  if (size > 0) {
    void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (mapped == MAP_FAILED) fail(kind_of_errno(), "cannot map ", path, ": ", last_os_error());
    data = static_cast<const std::byte*>(mapped);
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(path, data, size));
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace lapidary
