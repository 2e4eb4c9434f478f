#include "loop/batch_options.h"

#include "base/check.h"
#include "rl/packing/bins.h"

namespace lapidary::loop {

namespace {

std::vector<Dim> lengths_of(std::span<const rl::Sample> samples) {
  std::vector<Dim> lengths;
  for (const rl::Sample& sample : samples) lengths.push_back(sample.total_length());
  return lengths;
}

}  // namespace

void validate(const BatchOptions& options) {
  std::vector<std::string> problems;
  const auto require = [&](bool holds, const std::string& problem) {
    if (!holds) problems.push_back(problem);
  };
  require(options.global_batch_size > 0,
          cat("--global-batch-size is ", options.global_batch_size, "; it must be above 0"));
  if (options.filling == rl::BinFilling::kFixedCount) {
    require(options.micro_batch_size > 0,
            cat("--micro-batch-size is ", options.micro_batch_size, "; it must be above 0"));
  } else {
    require(options.max_tokens > 0, cat("--max-tokens-per-gpu is ", options.max_tokens,
                                        "; --use-dynamic-batch-size needs it, above 0"));
  }
  require(options.max_tokens_no_grad >= 0, cat("--log-probs-max-tokens-per-gpu is ",
                                               options.max_tokens_no_grad, "; it must be above 0"));
  if (!problems.empty()) fail(ErrorKind::kInvalidArgument, join(problems, "; "));
}

rl::ModelShape model_shape(const model::Gemma4Config& config) {
  rl::ModelShape shape{
      .hidden_size = config.hidden_size, .vocab_size = config.vocab_size, .layers = {}};
  for (Dim i = 0; i < config.num_hidden_layers; ++i) {
    shape.layers.push_back({.window = config.is_full(i) ? 0 : config.sliding_window,
                            .num_heads = config.num_attention_heads,
                            .num_kv_heads = config.num_key_value_heads(i),
                            .head_dim = config.head_dim(i),
                            .has_own_keys = !config.is_kv_shared(i),
                            .has_value_projection = config.has_v_proj(i),
                            .dense_size = config.intermediate_size(i),
                            .num_experts = config.num_experts,
                            .experts_per_token = config.top_k_experts,
                            .expert_size = config.moe_intermediate_size,
                            .per_layer_input_size = config.hidden_size_per_layer_input});
  }
  return shape;
}

rl::Schedule make_schedule(std::span<const rl::Sample> samples, const BatchOptions& options,
                           const rl::ModelShape& shape) {
  std::vector<Dim> rollout_ids;
  for (const rl::Sample& sample : samples) rollout_ids.push_back(sample.rollout_id);
  return rl::build_schedule(
      lengths_of(samples), rollout_ids,
      {.global_batch_size = options.global_batch_size,
       .filling = options.filling,
       .max_tokens = options.max_tokens,
       .micro_batch_size = options.micro_batch_size,
       .balance = options.is_balanced ? rl::StepBalance::kMicroBatches : rl::StepBalance::kNone,
       .flops = [&shape](Dim length) { return rl::forward_flops(shape, length); }});
}

std::vector<std::vector<Dim>> passes_without_gradient(std::span<const rl::Sample> samples,
                                                      const BatchOptions& options) {
  const auto count = static_cast<Dim>(samples.size());
  if (options.filling == rl::BinFilling::kFixedCount && options.max_tokens_no_grad == 0)
    return rl::fixed_size_bins(count, options.micro_batch_size);
  const Dim max_tokens =
      options.max_tokens_no_grad > 0 ? options.max_tokens_no_grad : options.max_tokens;
  return rl::first_fit(lengths_of(samples), max_tokens);
}

}  // namespace lapidary::loop
