#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/train_run.h"

namespace lapidary::test {
namespace {

namespace fs = std::filesystem;

TEST(Train, TheSameSeedTwiceGivesTheSameMetricsAndRollouts) {
  const TrainBench bench;
  for (const char* name : {"one", "two"}) {
    const ProgramResult result = run_program(bench.words(
        3, {"--run-dir", bench.file(name), "--environment", "retool", "--over-sampling-batch-size",
            "6", "--eval-interval", "2", "--eval-prompt-data", "small", bench.problems() + "@[0:3]",
            "--eval-temperature", "0"}));
    ASSERT_EQ(result.status, 0) << result.err;
  }
  const std::vector<std::string> metrics = timeless_metrics(bench.file("one"));
  EXPECT_EQ(metrics.size(), 6U);  // three steps, evaluations before, after two and after three
  EXPECT_EQ(metrics, timeless_metrics(bench.file("two")));
  const auto rollouts = timeless_rollouts(bench.file("one"));
  EXPECT_EQ(rollouts.size(), 3U);
  EXPECT_EQ(rollouts, timeless_rollouts(bench.file("two")));
}

TEST(Train, EngineAndTrainerAgreeAtEveryStep) {
  const TrainBench bench;
  const ProgramResult result = run_program(bench.words(4, {"--run-dir", bench.file("run")}));
  ASSERT_EQ(result.status, 0) << result.err;
  int steps = 0;
  for (const Json& row : read_json_lines(bench.file("run/metrics.jsonl"))) {
    ASSERT_TRUE(row.contains("train/train_rollout_logprob_abs_diff")) << row.dump();
    EXPECT_LE(row["train/train_rollout_logprob_abs_diff"].get<double>(), 1e-5);
    EXPECT_TRUE(row.contains("rollout/raw_reward"));
    EXPECT_TRUE(row.contains("train/grad_norm"));
    ++steps;
  }
  EXPECT_EQ(steps, 4);
  for (const char* name : {"config.yaml", "log.txt", "trace.json", "report.html", "tensorboard",
                           "rollouts/rollout_0000003.jsonl"}) {
    EXPECT_TRUE(fs::exists(bench.file(std::string("run/") + name))) << name;
  }
}

TEST(Train, AnInterruptFinishesTheStepAndSaves) {
  const TrainBench bench;
  const std::vector<std::string> words =
      bench.words(1000, {"--run-dir", bench.file("run"), "--save", bench.file("save")});
  const ProgramResult result = run_and_interrupt(words, bench.file("run/metrics.jsonl"));
  EXPECT_EQ(result.status, 0) << result.err;
  std::ifstream latest(bench.file("save/latest"));
  std::string name;
  ASSERT_TRUE(std::getline(latest, name));
  const size_t rows = read_json_lines(bench.file("run/metrics.jsonl")).size();
  EXPECT_EQ(std::stoul(name.substr(5)), rows);
  EXPECT_LT(rows, 1000U);
  EXPECT_TRUE(fs::exists(bench.file("run/report.html")));
}

// What is kept of a run that was killed, and gone on with, is what the run would have given.
TEST(Train, AKilledRunGoesOnToTheSameMetrics) {
  const TrainBench bench;
  const std::vector<std::string> filter = {
      "--over-sampling-batch-size", "6", "--save-interval", "1", "--keep-checkpoints", "2"};
  const auto words = [&](const std::string& name) {
    std::vector<std::string> more = filter;
    more.insert(more.end(), {"--run-dir", bench.file(name + "-run"), "--save",
                             bench.file(name + "-save"), "--load", bench.file(name + "-save")});
    return bench.words(8, more);
  };
  ASSERT_EQ(run_program(words("whole")).status, 0);
  int killed = 0;
  for (const double seconds : {0.15, 0.5, 0.9, 1.3}) {
    const ProgramResult result = run_and_kill(words("cut"), seconds);
    killed += result.status == 128 + 9 ? 1 : 0;
    EXPECT_TRUE(result.status == 0 || result.status == 128 + 9) << result.err;
    for (const auto& entry : fs::directory_iterator(bench.file(""))) {
      if (entry.path().filename() != "cut-save") continue;
      for (const auto& saved : fs::directory_iterator(entry)) {
        const std::string name = saved.path().filename().string();
        if (!name.starts_with("iter_") || name.find('.') != std::string::npos) continue;
        EXPECT_EQ(run_program({"inspect", saved.path().string()}).status, 0) << name;
      }
    }
  }
  EXPECT_GT(killed, 0);
  const ProgramResult last = run_program(words("cut"));
  ASSERT_EQ(last.status, 0) << last.err;
  EXPECT_EQ(timeless_metrics(bench.file("cut-run")), timeless_metrics(bench.file("whole-run")));
  EXPECT_EQ(timeless_rollouts(bench.file("cut-run")), timeless_rollouts(bench.file("whole-run")));
}

struct WrongInput {
  std::vector<std::string> more;
  const char* said;
  int status = 2;
};

TEST(Train, WrongInputIsSaidBeforeAnythingRuns) {
  const TrainBench bench;
  write_text(bench.file("broken.jsonl"), "{\"prompt\": \"a\", \"label\": \"1\"}\n{\"prompt\": \n");
  write_text(bench.file("unlabelled.jsonl"), "{\"prompt\": \"a\"}\n");
  write_text(bench.file("file"), "");
  const std::vector<WrongInput> cases = {
      {{"--rollout-batch-siz", "4"}, "did you mean --rollout-batch-size?"},
      {{"--prompt-data", bench.file("none.jsonl")}, "none.jsonl"},
      {{"--prompt-data", bench.file("broken.jsonl")}, "broken.jsonl line 2"},
      {{"--prompt-data", bench.file("unlabelled.jsonl")}, "label"},
      {{"--rollout-max-response-len", "500", "--rollout-max-context-len", "400"},
       "cannot be longer than the context"},
      {{"--rollout-max-context-len", "100000"}, "positions"},
      {{"--global-batch-size", "3"}, "does not divide"},
      {{"--save", bench.file("file/below")}, "--save"},
      {{"--tensor-model-parallel-size", "2"}, "not supported yet"},
      {{"--rollout-function-path", "fully_async_rollout.generate_rollout_fully_async"},
       "not supported yet"},
      {{"--custom-generate-function-path", "my_module.generate"}, "generate_with_retool.generate"},
      {{"--rm-type", "dappo"}, "dapo"},
      {{"--rm-type", "dapo"}, "--reward-key score"},
      {{"--rollout-temperature", "0"}, "above 0"},
      {{"--eval-interval", "2"}, "--eval-prompt-data"},
      {{"--hf-checkpoint", bench.file("nothing")}, "config.json"},
  };
  for (const WrongInput& each : cases) {
    std::vector<std::string> more = {"--run-dir", bench.file("run")};
    more.insert(more.end(), each.more.begin(), each.more.end());
    const ProgramResult result = run_program(bench.words(2, more));
    EXPECT_EQ(result.status, each.status) << each.more[0] << "\n" << result.err;
    EXPECT_NE(result.err.find("error: "), std::string::npos) << result.err;
    EXPECT_NE(result.err.find(each.said), std::string::npos) << each.more[0] << ": " << result.err;
    EXPECT_FALSE(fs::exists(bench.file("run/rollouts/rollout_0000000.jsonl"))) << each.more[0];
    fs::remove_all(bench.file("run"));
  }
}

TEST(Train, ADryRunSaysEachValueWithItsOrigin) {
  const TrainBench bench;
  write_text(bench.file("config.yaml"), "lr: 0.002\nrollout_batch_size: 2\n");
  std::vector<std::string> words = bench.words(2, {"--dry-run"});
  words.insert(words.end(), {"--config", bench.file("config.yaml")});
  const ProgramResult result = run_program(words);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("command line"), std::string::npos);
  EXPECT_NE(result.out.find("4 prompts x 2 answers = 8 samples"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("--eps-clip 0.2"), std::string::npos);
}

TEST(Train, ASecondRunContinuesNothingByAccident) {
  const TrainBench bench;
  const std::vector<std::string> words =
      bench.words(1, {"--run-dir", bench.file("run"), "--save", bench.file("save")});
  ASSERT_EQ(run_program(words).status, 0);
  const ProgramResult again = run_program(words);
  EXPECT_EQ(again.status, 2);
  EXPECT_NE(again.err.find("--load"), std::string::npos) << again.err;
}

TEST(Eval, NamedSetsAreScoredWithPassRates) {
  const TrainBench bench;
  const ProgramResult result = run_program({"eval",
                                            "--hf-checkpoint",
                                            bench.model(),
                                            "--eval-prompt-data",
                                            "a",
                                            bench.problems(),
                                            "b",
                                            bench.problems() + "@[0:2]",
                                            "--input-key",
                                            "prompt",
                                            "--label-key",
                                            "label",
                                            "--apply-chat-template",
                                            "--rm-type",
                                            "random",
                                            "--n-samples-per-eval-prompt",
                                            "4",
                                            "--eval-max-response-len",
                                            "5",
                                            "--json",
                                            bench.file("eval.json"),
                                            "--output",
                                            bench.file("eval.jsonl"),
                                            "--device",
                                            "cpu"});
  ASSERT_EQ(result.status, 0) << result.err;
  const Json json = read_json_file(bench.file("eval.json"));
  for (const char* key :
       {"score", "acc", "pass@1", "pass@2", "pass@4", "num", "truncated_ratio", "response_len"}) {
    EXPECT_TRUE(json["a"].contains(key)) << key;
  }
  EXPECT_EQ(json["a"]["num"], 12);
  EXPECT_EQ(json["b"]["num"], 2);
  EXPECT_EQ(read_json_lines(bench.file("eval.jsonl")).size(), 14U * 4U);
}

}  // namespace
}  // namespace lapidary::test
