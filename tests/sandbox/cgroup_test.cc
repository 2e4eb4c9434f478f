// The choice of a group on made-up trees of files; joining one on the machine's own tree.
#include "sandbox/cgroup.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "support/paths.h"

namespace lapidary::sandbox {
namespace {

namespace fs = std::filesystem;

class CgroupTest : public testing::Test {
 protected:
  void make_group(const std::string& relative, const std::string& handed_on) {
    fs::create_directories(folder_.file("tree/" + relative));
    write_file_atomically(folder_.file("tree/" + relative + "/cgroup.subtree_control"), handed_on);
  }
  void enter(const std::string& group) {
    write_file_atomically(folder_.file("tree/cgroup.controllers"), "cpu memory pids\n");
    write_file_atomically(folder_.file("own"), "1:name=systemd:/x\n0::" + group + "\n");
  }
  std::optional<CgroupFolder> find() {
    return CgroupFolder::find(folder_.file("tree"), folder_.file("own"));
  }
  test::ScratchFolder folder_;
};

TEST_F(CgroupTest, NoVersion2NoGroup) {
  EXPECT_FALSE(find());
  write_file_atomically(folder_.file("own"), "1:memory:/x\n");
  EXPECT_FALSE(find());
}

TEST_F(CgroupTest, GroupsThatHandNothingOnAreOfNoUse) {
  make_group("", "");
  make_group("user", "memory\n");
  make_group("user/session", "pids\n");
  enter("/user/session");
  EXPECT_FALSE(find());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.file("tree/user/session")),
                          fs::directory_iterator()),
            1);
}

// A made-up folder has no subtree_control of its own to write to: found, tried, removed.
TEST_F(CgroupTest, AFolderThatCannotBeSetUpIsRemoved) {
  make_group("", "");
  make_group("user", "cpu memory pids\n");
  make_group("user/session", "");
  enter("/user/session");
  EXPECT_FALSE(find());
  for (const auto& entry : fs::directory_iterator(folder_.file("tree/user"))) {
    EXPECT_EQ(entry.path().filename().string().find("lapidary"), std::string::npos);
  }
}

TEST_F(CgroupTest, ASlotOfTheMachinesOwnTreeHasItsLimits) {
  const auto group = CgroupFolder::find();
  if (!group) GTEST_SKIP() << "no control groups of version 2 that this program may divide";
  const CgroupFolder slot = group->make_slot({int64_t{1} << 30, 40});
  EXPECT_EQ(slot.out_of_memory_kills(), 0);
  EXPECT_TRUE(slot.open_procs().is_open());
  EXPECT_EQ(read_file(slot.path() + "/pids.max"), "40\n");
}

}  // namespace
}  // namespace lapidary::sandbox
