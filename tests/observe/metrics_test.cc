// Metric rows and the two files they go to.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include "base/file.h"
#include "base/json.h"
#include "observe/crc32c.h"
#include "observe/jsonl_sink.h"
#include "observe/tensorboard_sink.h"
#include "support/paths.h"

namespace lapidary::observe {
namespace {

TEST(MetricRow, KeepsOrderAndReplaces) {
  MetricRow row(12);
  row.set("rollout/raw_reward", 0.5);
  row.set("train/loss", 1.0);
  row.set("rollout/raw_reward", 0.1);
  EXPECT_EQ(metric_row_json(row), R"({"step":12,"rollout/raw_reward":0.1,"train/loss":1.0})");
  EXPECT_EQ(row.find("train/loss"), 1.0);
  EXPECT_EQ(row.find("train/lr"), std::nullopt);
}

TEST(JsonlSink, WritesValuesThatAreNotFiniteAsText) {
  const test::ScratchFolder scratch;
  JsonlSink sink(scratch.file("metrics.jsonl"));
  MetricRow row(1);
  row.set("a", std::numeric_limits<double>::quiet_NaN());
  row.set("b", -std::numeric_limits<double>::infinity());
  sink.write(row);
  sink.write(MetricRow(2));
  EXPECT_EQ(read_file(scratch.file("metrics.jsonl")),
            "{\"step\":1,\"a\":\"nan\",\"b\":\"-inf\"}\n{\"step\":2}\n");
}

TEST(Crc32c, MatchesTheKnownAnswerOfRfc3720) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
}

// Reads the file back by the format's description, not by our writer's code.
TEST(TensorboardSink, WritesRecordsWithRightLengthsAndChecksums) {
  const test::ScratchFolder scratch;
  TensorboardSink sink(scratch.path(), [] { return 1700000000.25; });
  MetricRow row(3);
  row.set("train/loss", 0.5);
  sink.write(row);
  const std::string file = read_file(scratch.file("events.out.tfevents.1700000000.lapidary"));
  size_t at = 0;
  std::vector<std::string> records;
  while (at < file.size()) {
    uint64_t length = 0;
    std::memcpy(&length, file.data() + at, 8);
    uint32_t stored = 0;
    std::memcpy(&stored, file.data() + at + 8, 4);
    const uint32_t crc = crc32c(file.substr(at, 8));
    EXPECT_EQ(stored, ((crc >> 15) | (crc << 17)) + 0xa282ead8U);
    records.push_back(file.substr(at + 12, length));
    at += 12 + length + 4;
  }
  ASSERT_EQ(at, file.size());
  ASSERT_EQ(records.size(), 2U);
  EXPECT_NE(records[0].find("brain.Event:2"), std::string::npos);
  const std::string expected_value("\x0a\x0atrain/loss\x15\x00\x00\x00\x3f",
                                   17);  // tag, then 0.5 as float
  EXPECT_NE(records[1].find(expected_value), std::string::npos);
  EXPECT_EQ(records[1].substr(9, 2), std::string("\x10\x03", 2));  // step 3
}

}  // namespace
}  // namespace lapidary::observe
