// Where test data lies, and scratch folders.
#pragma once

#include <optional>
#include <string>

namespace lapidary::test {

// A file of the project, for example project_path("tests/data/moe-tiny").
std::string project_path(const std::string& relative);

// A folder of the reference data that is kept beside the project and not inside it (third-party
// tokenizer and templates), or "" where it is absent: such a test skips with a message.
std::string reference_path(const std::string& relative);

// A fresh folder, removed with the object.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Makes a folder the one for temporary files (TMPDIR) while the object lives.
class TemporaryFiles {
 public:
  explicit TemporaryFiles(const std::string& folder);
  ~TemporaryFiles();
  TemporaryFiles(const TemporaryFiles&) = delete;
  TemporaryFiles& operator=(const TemporaryFiles&) = delete;

 private:
  std::optional<std::string> before_;
};

}  // namespace lapidary::test
