// A folder that appears whole or not at all: filled under another name, then renamed.
#pragma once

#include <string>

namespace lapidary::checkpoint {

class StagedFolder {
 public:
  // Makes "TARGET.partial.PID" beside `target` (and the folders above it). `target` must not exist
  // or be an empty folder: Error{kInvalidArgument} otherwise.
  explicit StagedFolder(const std::string& target);
  ~StagedFolder();  // removes what was not committed
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;

  const std::string& path() const { return path_; }  // write here
  void commit();                                     // syncs and renames to the target

 private:
  std::string target_;
  std::string path_;
  bool is_committed_ = false;
};

}  // namespace lapidary::checkpoint
