#include "sandbox/output_capture.h"

#include <gtest/gtest.h>

namespace lapidary::sandbox {
namespace {

constexpr const char* kMark = "\xEF\xBF\xBD";

// Expected values from Python's bytes.decode("utf-8", "replace").
TEST(RepairUtf8, ReplacesAsPythonDoes) {
  EXPECT_EQ(repair_utf8("caf\xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80"),
            "caf\xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80");
  EXPECT_EQ(repair_utf8("a\xFF"
                        "b"),
            std::string("a") + kMark + "b");
  EXPECT_EQ(repair_utf8("\xC0\x80"), std::string(kMark) + kMark);              // overlong
  EXPECT_EQ(repair_utf8("\xED\xA0\x80"), std::string(kMark) + kMark + kMark);  // surrogate
  EXPECT_EQ(repair_utf8("\xF0\x9F\x98"), kMark);                               // cut: one
  EXPECT_EQ(repair_utf8("\xF0\x9F\x41"), std::string(kMark) + "A");
  EXPECT_EQ(repair_utf8("\xF4\x90\x80\x80"), std::string(kMark) + kMark + kMark + kMark);
  EXPECT_EQ(repair_utf8(""), "");
}

TEST(OutputCapture, KeepsTheBeginningAndCutsAtCharacters) {
  OutputCapture capture(Kept::kBeginning, 4);
  capture.append("ab\xE4\xB8");
  EXPECT_FALSE(capture.is_truncated());
  capture.append("\xAD more");
  EXPECT_TRUE(capture.is_truncated());
  EXPECT_EQ(capture.total_bytes(), 10);
  EXPECT_EQ(capture.text(), "ab\n[output truncated after 4 bytes]\n");
}

TEST(OutputCapture, KeepsTheEnd) {
  OutputCapture capture(Kept::kEnd, 4);
  for (int i = 0; i < 100; ++i) capture.append("0123456789");
  capture.append("\xE4\xB8\xAD yz");
  EXPECT_EQ(capture.text(), "[output truncated to its last 4 bytes]\n yz");
}

TEST(OutputCapture, ExactlyFullIsNotTruncated) {
  OutputCapture capture(Kept::kEnd, 4);
  capture.append("abcd");
  EXPECT_EQ(capture.text(), "abcd");
}

}  // namespace
}  // namespace lapidary::sandbox
