#include "support/paths.h"

#include <stdlib.h>

#include <filesystem>

#include "base/check.h"

namespace lapidary::test {

std::string project_path(const std::string& relative) {
  return std::string(LAPIDARY_SOURCE_DIR "/") + relative;
}

std::string reference_path(const std::string& relative) {
  const char* named = ::getenv("LAPIDARY_REFERENCE_DATA");
  const std::filesystem::path root =
      named ? named : std::filesystem::path(LAPIDARY_SOURCE_DIR) / ".." / "shared" / "data";
  const std::filesystem::path path = root / relative;
  return std::filesystem::exists(path) ? path.string() : std::string();
}

ScratchFolder::ScratchFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "lapidary-test-XXXXXX").string();
  LAPIDARY_CHECK(::mkdtemp(name.data()) != nullptr, name);
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TemporaryFiles::TemporaryFiles(const std::string& folder) {
  if (const char* before = ::getenv("TMPDIR")) before_ = before;
  ::setenv("TMPDIR", folder.c_str(), 1);
}

TemporaryFiles::~TemporaryFiles() {
  if (before_) {
    ::setenv("TMPDIR", before_->c_str(), 1);
  } else {
    ::unsetenv("TMPDIR");
  }
}

}  // namespace lapidary::test
