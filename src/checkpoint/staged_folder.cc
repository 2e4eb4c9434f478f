#include "checkpoint/staged_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "base/check.h"
#include "base/file.h"

namespace lapidary::checkpoint {
namespace {

namespace fs = std::filesystem;

// Makes the entries of a folder (names of files in it) durable.
void sync_folder(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) fail(ErrorKind::kIo, "cannot sync ", path, ": ", last_os_error());
  const bool is_synced = ::fsync(descriptor) == 0;
  const std::string reason = last_os_error();
  ::close(descriptor);
  if (!is_synced) fail(ErrorKind::kIo, "cannot sync ", path, ": ", reason);
}

std::string without_trailing_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

StagedFolder::StagedFolder(const std::string& target)
    : target_(without_trailing_slash(target)), path_(cat(target_, ".partial.", ::getpid())) {
  std::error_code error;
  if (fs::exists(target_, error) &&
      !(fs::is_directory(target_, error) && fs::is_empty(target_, error))) {
    fail(ErrorKind::kInvalidArgument, "cannot save to ", target_,
         ": it exists and is not an empty folder; name another or remove it");
  }
  const fs::path parent = fs::absolute(target_).parent_path();
  fs::create_directories(parent, error);
  if (!error) fs::remove_all(path_, error);
  if (!error) fs::create_directory(path_, error);
  if (error) fail(ErrorKind::kIo, "cannot create ", path_, ": ", error.message());
}

StagedFolder::~StagedFolder() {
  if (is_committed_) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void StagedFolder::commit() {
  sync_folder(path_);
  std::error_code error;
  fs::rename(path_, target_, error);
  if (error) fail(ErrorKind::kIo, "cannot rename ", path_, " to ", target_, ": ", error.message());
  is_committed_ = true;
  sync_folder(fs::absolute(target_).parent_path().string());
}

}  // namespace lapidary::checkpoint
