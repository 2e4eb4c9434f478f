// lapidary score: log-probabilities of given tokens. Lines are packed into forwards of a bounded
// number of tokens; each line's values are those that it has alone.
//
// All lines are read and checked first. Results are written in the order of the input, each line
// as soon as its forward is done, so that an interrupted run leaves whole lines.
#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>

#include "base/check.h"
#include "cli/model_loading.h"
#include "cli/output_lines.h"
#include "cli/prompt_lines.h"
#include "cli/verbs.h"
#include "observe/progress.h"

namespace lapidary::cli {
namespace {

struct ScoreFlags {
  ModelFlags model;
  std::string input;
  std::string output;
  double temperature = 1.0;
  int64_t max_tokens = 4096;
};

at::Tensor to_tensor(const std::vector<int64_t>& values, c10::Device device) {
  at::Tensor out =
      at::empty({static_cast<Dim>(values.size())}, at::TensorOptions(c10::ScalarType::Long));
  std::copy(values.begin(), values.end(), out.mutable_data_ptr<int64_t>());
  return out.to(device);
}

// As many of the lines from the first on as have room in one forward; at least one.
std::span<const PromptLine> next_pack(std::span<const PromptLine> lines, int64_t max_tokens) {
  size_t count = 1;
  auto tokens = static_cast<int64_t>(lines[0].ids.size());
  while (count < lines.size() &&
         tokens + static_cast<int64_t>(lines[count].ids.size()) <= max_tokens) {
    tokens += static_cast<int64_t>(lines[count].ids.size());
    ++count;
  }
  return lines.first(count);
}

// Log-probabilities of all tokens of all lines but each line's first, one after another.
std::vector<float> score(const model::Gemma4Model& model, std::span<const PromptLine> lines,
                         double temperature) {
  std::vector<Dim> starts{0};
  std::vector<int64_t> ids;
  std::vector<int64_t> rows;
  std::vector<int64_t> targets;
  for (const PromptLine& line : lines) {
    for (size_t i = 1; i < line.ids.size(); ++i) {
      rows.push_back(starts.back() + static_cast<Dim>(i) - 1);
      targets.push_back(line.ids[i]);
    }
    ids.insert(ids.end(), line.ids.begin(), line.ids.end());
    starts.push_back(static_cast<Dim>(ids.size()));
  }
  if (rows.empty()) return {};
  const c10::InferenceMode no_gradients;
  const c10::Device device = model.device();
  model::PackedContext context(std::move(starts), device);
  const at::Tensor hidden = model.hidden(to_tensor(ids, device), context);
  const at::Tensor log_probs = model
                                   .log_probs(hidden.index_select(0, to_tensor(rows, device)),
                                              to_tensor(targets, device), temperature)
                                   .log_prob.to(c10::kCPU, c10::ScalarType::Float)
                                   .contiguous();
  const auto* values = log_probs.const_data_ptr<float>();
  return {values, values + log_probs.numel()};
}

std::string output_line(const PromptLine& line, std::span<const float> log_probs) {
  for (size_t i = 0; i < log_probs.size(); ++i) {
    if (std::isfinite(log_probs[i])) continue;
    fail(ErrorKind::kCorrupt, line.what, ": the log-probability of token ", i + 1, " is ",
         log_probs[i], "; the weights are damaged or overflow their dtype (float32 is the widest)");
  }
  std::string list = json_list(log_probs);
  list.insert(1, log_probs.empty() ? "null" : "null, ");
  return cat("{\"input_ids\": ", json_list(line.ids), ", \"logprobs\": ", list, "}");
}

void run_score(const ScoreFlags& flags) {
  if (!(flags.temperature > 0.0) || !std::isfinite(flags.temperature)) {
    fail(ErrorKind::kInvalidArgument, "--rollout-temperature is ", flags.temperature,
         "; it divides the logits and must be above 0");
  }
  const auto config = model::Gemma4Config::read(flags.model.folder);
  TextEncoder encoder(flags.model.folder);
  const std::vector<PromptLine> lines = read_prompt_lines(
      flags.input, encoder,
      {.vocab_size = config.vocab_size, .max_tokens = config.max_position_embeddings});
  OutputLines output(flags.output);
  const model::Gemma4Model model = load_model(flags.model, config);
  observe::Progress progress("score", static_cast<int64_t>(lines.size()), "lines",
                             observe::ProgressOptions::for_stderr());
  std::span<const PromptLine> rest(lines);
  while (!rest.empty()) {
    const auto pack = next_pack(rest, flags.max_tokens);
    const std::vector<float> log_probs = score(model, pack, flags.temperature);
    size_t begin = 0;
    for (const PromptLine& line : pack) {
      output.write_text(
          output_line(line, std::span(log_probs).subspan(begin, line.ids.size() - 1)));
      begin += line.ids.size() - 1;
    }
    progress.add(static_cast<int64_t>(pack.size()));
    rest = rest.subspan(pack.size());
  }
  progress.finish();
  output.finish();
}

}  // namespace

void add_score(CLI::App& app, int& exit_status) {
  auto flags = std::make_shared<ScoreFlags>();
  CLI::App* verb = app.add_subcommand("score", "Log-probabilities of given tokens");
  add_model_flags(*verb, flags->model);
  verb->add_option("--input", flags->input,
                   "Lines {\"input_ids\": [..]}, {\"text\": ..} or {\"messages\": [..], \"tools\": "
                   "[..]}; - is standard input")
      ->required();
  verb->add_option("--output", flags->output,
                   "Lines {\"input_ids\": [..], \"logprobs\": [null, ..]}; - is standard output")
      ->required();
  verb->add_option("--rollout-temperature", flags->temperature, "Divides the logits")
      ->capture_default_str();
  verb->add_option("--max-tokens-per-gpu", flags->max_tokens,
                   "Tokens of one forward; a longer line goes alone")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->callback([flags, &exit_status] {
    run_score(*flags);
    exit_status = 0;
  });
}

}  // namespace lapidary::cli
