// lapidary sft as a user starts it: on the tiny checkpoint and a handful of conversations.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/text.h"
#include "cli/program.h"
#include "cli/tiny_checkpoint.h"
#include "cli/train_run.h"

namespace lapidary::test {
namespace {

class Sft : public ::testing::Test {
 protected:
  Sft() : chats_(checkpoint_.file("chats.jsonl")) {
    std::string text;
    for (int i = 0; i < 9; ++i) {
      Json messages = {{{"role", "user"}, {"content", cat("What is ", i, " + 2?")}},
                       {{"role", "assistant"}, {"content", cat(i + 2)}}};
      if (i % 2 == 1) {
        messages.push_back({{"role", "user"}, {"content", "And one more?"}});
        messages.push_back({{"role", "assistant"}, {"content", cat(i + 3)}});
      }
      text += dump_json({{"messages", messages}}) + "\n";
    }
    write_text(chats_, text);
  }

  std::string file(const std::string& name) const { return checkpoint_.file(name); }

  std::vector<std::string> words(const std::string& data, int steps,
                                 const std::vector<std::string>& more = {}) const {
    std::vector<std::string> out = {"sft",
                                    "--hf-checkpoint",
                                    checkpoint_.folder(),
                                    "--prompt-data",
                                    data,
                                    "--rollout-shuffle",
                                    "--global-batch-size",
                                    "4",
                                    "--num-rollout",
                                    std::to_string(steps),
                                    "--lr",
                                    "3e-3",
                                    "--lr-decay-style",
                                    "cosine",
                                    "--lr-decay-iters",
                                    "8",
                                    "--use-dynamic-batch-size",
                                    "--max-tokens-per-gpu",
                                    "256",
                                    "--device",
                                    "cpu"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }

  TinyCheckpoint checkpoint_;
  std::string chats_;
};

double loss_of(const Json& row) {
  return row.at("train/loss").get<double>();
}

TEST_F(Sft, LearnsSavesAndGoesOnBitForBit) {
  const std::string whole = file("whole");
  ProgramResult result = run_program(words(chats_, 6, {"--run-dir", whole}));
  ASSERT_EQ(result.status, 0) << result.err;
  const std::vector<Json> rows = read_json_lines(whole + "/metrics.jsonl");
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_LT(loss_of(rows.back()), loss_of(rows.front()));

  const std::string run = file("run"), saved = file("saved");
  result = run_program(words(chats_, 3, {"--run-dir", run, "--save", saved}));
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(std::filesystem::exists(saved + "/iter_0000003/config.json"));
  EXPECT_TRUE(std::filesystem::exists(saved + "/iter_0000003/train_state/optimizer.safetensors"));
  result = run_program(words(chats_, 6, {"--run-dir", run, "--save", saved, "--load", saved}));
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(timeless_metrics(run), timeless_metrics(whole));
  result = run_program({"score", "--hf-checkpoint", saved + "/iter_0000006", "--input", "-",
                        "--output", "-", "--device", "cpu"},
                       "{\"text\": \"What is 3 + 2?\"}\n");
  EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(Sft, TakesTokenIdsWithAMask) {
  const std::string data = file("tokens.jsonl");
  std::string text;
  for (int i = 0; i < 4; ++i)
    text += cat("{\"input_ids\": [2, 7, ", 40 + i, ", 50, 60], \"loss_mask\": [0, 0, 1, 0, 1]}\n");
  write_text(data, text);
  const std::string run = file("run");
  const ProgramResult result = run_program(words(data, 2, {"--run-dir", run}));
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(read_json_lines(run + "/metrics.jsonl").size(), 2U);
}

TEST_F(Sft, NamesWhatIsWrongBeforeTheFirstStep) {
  const auto error_of = [&](const std::string& line, const std::vector<std::string>& more = {}) {
    const std::string data = file("bad.jsonl");
    write_text(data, line);
    const ProgramResult result = run_program(words(data, 1, more));
    EXPECT_EQ(result.status, 2) << result.err;
    return result.err;
  };
  const std::string good = "{\"input_ids\": [2, 7, 9], \"loss_mask\": [0, 1, 1]}\n";
  EXPECT_NE(error_of(good + "{\"input_ids\": [2, 7], \"loss_mask\": [1]}\n").find(":2"),
            std::string::npos);
  EXPECT_NE(error_of("{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}\n").find(":1"),
            std::string::npos);
  EXPECT_NE(error_of(good, {"--micro-batch-sise", "2"}).find("--micro-batch-size"),
            std::string::npos);
  EXPECT_NE(error_of(good, {"--lr-warmup-iters", "8"}).find("--lr-decay-iters"), std::string::npos);
  EXPECT_NE(error_of(good, {"--rollout-max-context-len", "2"}).find("nothing to learn"),
            std::string::npos);
  EXPECT_EQ(run_program(words(file("absent.jsonl"), 1)).status, 2);
}

TEST_F(Sft, SaysWhatItWouldDo) {
  const ProgramResult result = run_program(words(chats_, 3, {"--dry-run", "--eps-clip", "0.3"}));
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("9 conversations"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("3 optimizer steps of 4"), std::string::npos) << result.out;
  EXPECT_NE(result.err.find("--eps-clip"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace lapidary::test
