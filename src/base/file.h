// Whole files in and out, and read-only memory maps. All throw Error{kNotFound, kIo or kExhausted}
// with path and reason.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace lapidary {

// The text of errno, for messages.
std::string last_os_error();

std::string read_file(const std::string& path);

// Written to a temporary name beside `path`, fsynced, then renamed over it: a reader sees the old
// file or the whole new one. What is there and no plain file (a pipe, /dev/stdout, a link) is
// written in place.
void write_file_atomically(const std::string& path, std::string_view contents);

// The same for a file that comes in pieces. Nothing is left behind unless finish() was reached.
class FileWriter {
 public:
  explicit FileWriter(std::string path);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  const std::string& path() const { return path_; }
  // Claims the space, so that a full disk is known before the first byte (where the file system
  // can).
  void reserve(size_t bytes);
  void append(std::span<const std::byte> bytes);
  void finish();

 private:
  [[noreturn]] void fail_writing();
  std::string path_;
  std::string temporary_;
  int descriptor_ = -1;
};

// A file mapped read-only. The bytes live as long as the object; share it (shared_ptr) with
// whatever views them.
class MappedFile {
 public:
  static std::shared_ptr<const MappedFile> open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::string& path() const { return path_; }

 private:
  MappedFile(std::string path, const std::byte* data, size_t size)
      : path_(std::move(path)), data_(data), size_(size) {}
  std::string path_;
  const std::byte* data_;
  size_t size_;
};

}  // namespace lapidary
