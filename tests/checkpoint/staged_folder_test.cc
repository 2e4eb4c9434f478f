#include "checkpoint/staged_folder.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "checkpoint/raw_file.h"
#include "support/paths.h"

namespace lapidary::checkpoint {
namespace {

namespace fs = std::filesystem;

size_t num_entries(const std::string& folder) {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(StagedFolder, AppearsWhenCommittedAndNotBefore) {
  const test::ScratchFolder scratch;
  const std::string target = scratch.file("new/deeper/out/");
  StagedFolder staged(target);
  test::write_text(staged.path() + "/a", "x");
  EXPECT_FALSE(fs::exists(target));
  staged.commit();
  EXPECT_TRUE(fs::exists(target + "/a"));
  EXPECT_EQ(num_entries(scratch.file("new/deeper")), 1U);
}

TEST(StagedFolder, LeavesNothingBehindWhenNotCommitted) {
  const test::ScratchFolder scratch;
  {
    StagedFolder staged(scratch.file("out"));
    test::write_text(staged.path() + "/a", "x");
  }
  EXPECT_EQ(num_entries(scratch.path()), 0U);
}

TEST(StagedFolder, TakesAnEmptyFolderAndRefusesAFullOne) {
  const test::ScratchFolder scratch;
  fs::create_directory(scratch.file("out"));
  StagedFolder(scratch.file("out")).commit();
  test::write_text(scratch.file("out/a"), "x");
  test::expect_error([&] { StagedFolder staged(scratch.file("out")); }, ErrorKind::kInvalidArgument,
                     {"/out: it exists and is not an empty folder"});
  test::expect_error([&] { StagedFolder staged(scratch.file("out/a")); },
                     ErrorKind::kInvalidArgument, {"not an empty folder"});
  test::expect_error([&] { StagedFolder staged(scratch.file("out/a/b")); }, ErrorKind::kIo,
                     {"cannot create"});
}

}  // namespace
}  // namespace lapidary::checkpoint
