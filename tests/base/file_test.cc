#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "base/error.h"
#include "support/paths.h"

namespace lapidary {
namespace {

namespace fs = std::filesystem;

TEST(File, IsWrittenWholeOrNotAtAll) {
  const test::ScratchFolder scratch;
  const std::string path = scratch.file("a");
  write_file_atomically(path, "old");
  {
    FileWriter writer(path);
    writer.append(std::as_bytes(std::span(std::string_view("new"))));
    EXPECT_EQ(read_file(path), "old");
  }
  EXPECT_EQ(read_file(path), "old") << "not finished";
  write_file_atomically(path, "new");
  EXPECT_EQ(read_file(path), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path()), fs::directory_iterator()), 1);
}

TEST(File, PipesAndLinksAreWrittenInPlace) {
  const test::ScratchFolder scratch;
  ASSERT_EQ(::mkfifo(scratch.file("pipe").c_str(), 0600), 0);
  std::string read;
  std::thread reader([&] { read = read_file(scratch.file("pipe")); });
  write_file_atomically(scratch.file("pipe"), "through");
  reader.join();
  EXPECT_EQ(read, "through");
  EXPECT_TRUE(fs::is_fifo(scratch.file("pipe")));

  write_file_atomically(scratch.file("a"), "old");
  fs::create_symlink("a", scratch.file("link"));
  write_file_atomically(scratch.file("link"), "n");
  EXPECT_TRUE(fs::is_symlink(scratch.file("link")));
  EXPECT_EQ(read_file(scratch.file("a")), "n");
}

TEST(File, FailuresNameThePath) {
  const test::ScratchFolder scratch;
  for (const std::string& path : {scratch.file("no/such/a"), scratch.path()}) {
    try {
      write_file_atomically(path, "x");
      FAIL() << path;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("cannot create " + path), std::string::npos)
          << error.what();
    }
  }
}

TEST(File, AMapHoldsTheBytesAndAnEmptyFileIsAnEmptyMap) {
  const test::ScratchFolder scratch;
  write_file_atomically(scratch.file("a"), "abc");
  EXPECT_EQ(MappedFile::open(scratch.file("a"))->bytes().size(), 3U);
  write_file_atomically(scratch.file("empty"), "");
  EXPECT_TRUE(MappedFile::open(scratch.file("empty"))->bytes().empty());
}

}  // namespace
}  // namespace lapidary
