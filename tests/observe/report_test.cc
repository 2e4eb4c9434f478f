#include "observe/report.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/json.h"
#include "support/paths.h"

namespace lapidary::observe {
namespace {

Json data_of(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const size_t begin = page.find(open) + open.size();
  return parse_json(page.substr(begin, page.find("</script>", begin) - begin), "report data");
}

struct RecordedRun {
  test::ScratchFolder folder;
  RecordedRun() {
    std::filesystem::create_directory(folder.file("rollouts"));
    std::ofstream(folder.file("metrics.jsonl")) << R"({"step":0,"rollout/raw_reward":0.25})"
                                                << "\n"
                                                << R"({"step":1,"rollout/raw_reward":0.5})"
                                                << "\n"
                                                << R"({"step":2,"rollout/raw_re)";
    for (int step : {0, 1}) {
      std::ofstream out(folder.file("rollouts/rollout_000000" + std::to_string(step) + ".jsonl"));
      for (int i : {0, 1}) {
        out << R"({"rollout_id":)" << step << R"(,"group":0,"index":)" << i
            << R"(,"reward":1,"status":"completed","turns":[{"role":"model","text":"</script><b>@JS@"}]})"
            << "\n";
      }
    }
  }
};

TEST(Report, HoldsAllWholeLinesAndSurvivesATornOne) {
  const RecordedRun run;
  const Json data = data_of(report_html(run.folder.path(), {}));
  EXPECT_EQ(data["metrics"].size(), 2U);
  EXPECT_EQ(data["trajectories"].size(), 4U);
  EXPECT_EQ(data["left_out"], 0);
}

TEST(Report, TextsOfTheModelCannotEndTheScriptOrPassForAMark) {
  const RecordedRun run;
  const std::string page = report_html(run.folder.path(), {});
  EXPECT_EQ(data_of(page)["trajectories"][0]["turns"][0]["text"], "</script><b>@JS@");
  EXPECT_EQ(page.find("http://"), std::string::npos);  // self-contained
  EXPECT_EQ(page.find("https://"), std::string::npos);
}

TEST(Report, TheNewestTrajectoriesAreKeptAndTheRestCounted) {
  const RecordedRun run;
  const Json data = data_of(report_html(run.folder.path(), {.max_trajectories = 3}));
  ASSERT_EQ(data["trajectories"].size(), 3U);
  EXPECT_EQ(data["trajectories"][0]["rollout_id"], 1);
  EXPECT_EQ(data["left_out"], 1);
}

TEST(Report, AFolderThatIsNoRunIsAnError) {
  const test::ScratchFolder empty;
  try {
    report_html(empty.path(), {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  }
}

}  // namespace
}  // namespace lapidary::observe
