#include "cli/train_run.h"

#include <filesystem>

#include "base/text.h"

namespace lapidary::test {

TrainBench::TrainBench() : problems_(checkpoint_.file("problems.jsonl")) {
  std::string text;
  for (int i = 0; i < 12; ++i) {
    const Json line = {
        {"prompt", {{{"role", "user"}, {"content", cat("What is ", i, " + ", i + 3, "?")}}}},
        {"label", std::to_string(2 * i + 3)}};
    text += dump_json(line) + "\n";
  }
  write_text(problems_, text);
}

std::vector<std::string> TrainBench::words(int rollouts,
                                           const std::vector<std::string>& more) const {
  std::vector<std::string> out = {"train",
                                  "--hf-checkpoint",
                                  model(),
                                  "--prompt-data",
                                  problems(),
                                  "--input-key",
                                  "prompt",
                                  "--label-key",
                                  "label",
                                  "--apply-chat-template",
                                  "--rollout-shuffle",
                                  "--rm-type",
                                  "random",
                                  "--rollout-batch-size",
                                  "4",
                                  "--n-samples-per-prompt",
                                  "2",
                                  "--rollout-max-response-len",
                                  "12",
                                  "--num-rollout",
                                  std::to_string(rollouts),
                                  "--lr",
                                  "1e-3",
                                  "--use-dynamic-batch-size",
                                  "--max-tokens-per-gpu",
                                  "512",
                                  "--deterministic-mode",
                                  "--device",
                                  "cpu"};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

std::vector<std::string> timeless_metrics(const std::string& run_folder) {
  std::vector<std::string> out;
  for (const Json& line : read_json_lines(run_folder + "/metrics.jsonl")) {
    Json kept = Json::object();
    for (const auto& [name, value] : line.items()) {
      if (!name.starts_with("perf/")) kept[name] = value;
    }
    out.push_back(dump_json(kept));
  }
  return out;
}

std::map<std::string, std::string> timeless_rollouts(const std::string& run_folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(run_folder + "/rollouts")) {
    std::string& text = out[entry.path().filename().string()];
    for (Json line : read_json_lines(entry.path().string())) {
      for (Json& tool : line["tools"]) tool.erase("seconds");
      text += dump_json(line) + "\n";
    }
  }
  return out;
}

}  // namespace lapidary::test
