#include "observe/progress.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/json.h"
#include "observe/trace.h"
#include "support/paths.h"

namespace lapidary::observe {
namespace {

struct Screen {
  double now = 100.0;
  std::string text;
  ProgressOptions options(bool on_terminal) {
    ProgressOptions out;
    out.on_terminal = on_terminal;
    out.seconds = [this] { return now; };
    out.print = [this](const std::string& part) { text += part; };
    return out;
  }
};

TEST(Progress, OnAPipePrintsALineEveryIntervalWithRateAndTimeLeft) {
  Screen screen;
  Progress progress("Eval", 100, "prompts", screen.options(false));
  screen.now += 5;
  progress.add(10);
  EXPECT_EQ(screen.text, "");
  screen.now += 5;
  progress.add(10, "3 tool calls");
  EXPECT_EQ(screen.text, "Eval: 20/100 prompts, 2.00 prompts/s, 0:40 left, 3 tool calls\n");
  screen.text.clear();
  progress.add(80);
  progress.finish();
  progress.finish();
  EXPECT_EQ(screen.text, "Eval: 100/100 prompts, 10.00 prompts/s, took 0:10, 3 tool calls\n");
}

TEST(Progress, OnATerminalRedrawsOneLine) {
  Screen screen;
  Progress progress("Train", 4, "micro-batches", screen.options(true));
  screen.now += 1;
  progress.add(2);
  EXPECT_EQ(screen.text,
            "\r\033[KTrain: [############............] 2/4 micro-batches, 2.00 micro-batches/s, "
            "0:01 left");
}

TEST(Progress, AStallIsSaidOnceAndNamesTheSlowest) {
  Screen screen;
  Progress progress("Rollout generation", 8, "trajectories", screen.options(false));
  int asked = 0;
  const auto slowest = [&] {
    ++asked;
    return std::string("trajectory 17");
  };
  screen.now += 61;
  progress.idle(slowest);
  screen.now += 61;
  progress.idle(slowest);
  EXPECT_EQ(asked, 1);
  EXPECT_NE(screen.text.find(
                "warning: Rollout generation: nothing finished for 1:01; slowest: trajectory 17\n"),
            std::string::npos)
      << screen.text;
}

TEST(Progress, DurationsReadLikeAClock) {
  EXPECT_EQ(duration_text(65), "1:05");
  EXPECT_EQ(duration_text(3725), "1:02:05");
  EXPECT_EQ(duration_text(-1), "0:00");
}

TEST(Trace, KeepsTheLastSpansAndCountsTheRest) {
  const test::ScratchFolder scratch;
  Trace trace(2);
  trace.add("engine", "a", 0, 1);
  trace.add("trainer", "b", 1, 2, R"({"tokens":5})");
  trace.add("engine", "c", 2, 3);
  trace.save(scratch.file("trace.json"));
  const Json json = read_json_file(scratch.file("trace.json"));
  ASSERT_EQ(json["traceEvents"].size(), 4U);  // two track names, two spans
  EXPECT_EQ(json["traceEvents"][2]["name"], "b");
  EXPECT_EQ(json["traceEvents"][2]["args"]["tokens"], 5);
  EXPECT_EQ(json["traceEvents"][3]["ts"], 2e6);
  EXPECT_EQ(json["otherData"]["dropped_spans"], 1);
}

}  // namespace
}  // namespace lapidary::observe
