// Records and checkpoints of a run, on disk.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "loop/checkpoint_series.h"
#include "loop/run_recorder.h"
#include "support/paths.h"

namespace lapidary::loop {
namespace {

namespace fs = std::filesystem;

observe::MetricRow row(int64_t step) {
  observe::MetricRow out(step);
  out.set("rollout/raw_reward", 0.5);
  return out;
}

TEST(RunRecorder, AResumedRunDropsWhatCameBehindItsCheckpoint) {
  const test::ScratchFolder scratch;
  const std::string folder = scratch.file("run");
  {
    RunRecorder recorder({.folder = folder}, {{"lr", 0.1}});
    for (int64_t step = 0; step < 5; ++step) {
      recorder.write(row(step));
      recorder.write_rollout(step, {Json{{"rollout_id", step}}});
    }
  }
  std::ofstream(folder + "/metrics.jsonl", std::ios::app) << "{\"step\":5,\"torn";
  RunRecorder resumed({.folder = folder, .kept_rows = 3, .kept_rollouts = 3, .may_replace = true},
                      {{"lr", 0.1}});
  EXPECT_EQ(resumed.num_rows(), 3);
  EXPECT_TRUE(fs::exists(folder + "/rollouts/rollout_0000002.jsonl"));
  EXPECT_FALSE(fs::exists(folder + "/rollouts/rollout_0000003.jsonl"));
  resumed.write(row(3));
  const std::string text = read_file(folder + "/metrics.jsonl");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
  EXPECT_EQ(text.find("torn"), std::string::npos);
  EXPECT_NE(read_file(folder + "/config.yaml").find("lr"), std::string::npos);
}

TEST(RunRecorder, AFolderWithAnotherRunIsRefused) {
  const test::ScratchFolder scratch;
  const std::string folder = scratch.file("run");
  { RunRecorder(RecorderOptions{.folder = folder}, Json::object()).write(row(0)); }
  EXPECT_THROW(RunRecorder({.folder = folder}, Json::object()), Error);
}

TEST(CheckpointSeries, WhatIsHalfDoneDoesNotCount) {
  const test::ScratchFolder scratch;
  const std::string folder = scratch.file("save");
  const CheckpointSeries series(folder);
  EXPECT_FALSE(series.newest());
  for (const char* name : {"iter_0000002", "iter_0000010", "iter_0000012.partial.999999",
                           "iter_0000001.deleting.999999", "iter_x"}) {
    fs::create_directories(folder + "/" + name);
  }
  EXPECT_EQ(series.iterations(), (std::vector<int64_t>{2, 10}));
  series.prepare(1);
  EXPECT_FALSE(fs::exists(folder + "/iter_0000012.partial.999999"));
  EXPECT_FALSE(fs::exists(folder + "/iter_0000001.deleting.999999"));
  EXPECT_TRUE(fs::exists(folder + "/iter_x"));
  fs::create_directories(folder + "/iter_0000020");
  series.keep(1, 2);
  EXPECT_EQ(series.iterations(), (std::vector<int64_t>{2, 20}));
}

TEST(CheckpointSeries, WhereNothingCanBeSavedIsKnownBefore) {
  const test::ScratchFolder scratch;
  std::ofstream(scratch.file("file")) << "x";
  EXPECT_THROW(CheckpointSeries(scratch.file("file")).prepare(1), Error);
  EXPECT_THROW(CheckpointSeries(scratch.file("file/below")).prepare(1), Error);
  try {
    CheckpointSeries(scratch.file("save")).prepare(int64_t{1} << 60);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kExhausted);
    EXPECT_NE(std::string(error.what()).find("--no-save-optim"), std::string::npos);
  }
}

}  // namespace
}  // namespace lapidary::loop
