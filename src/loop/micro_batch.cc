#include "loop/micro_batch.h"

#include <ATen/ops/tensor.h>

#include <utility>

#include "base/check.h"

namespace lapidary::loop {

namespace {

// Logits of one chunk of the head on the CPU, fp32. Backward holds a handful of buffers of this
// size.
constexpr Dim kCpuChunkBytes = Dim{32} << 20;

const rl::Sample& sample_at(std::span<const rl::Sample> samples, Dim index) {
  return samples[static_cast<size_t>(index)];
}

std::vector<Dim> starts_of(std::span<const rl::Sample> samples, const std::vector<Dim>& members) {
  std::vector<Dim> starts{0};
  for (const Dim member : members)
    starts.push_back(starts.back() + sample_at(samples, member).total_length());
  return starts;
}

std::vector<Dim> selected_of(const rl::Sample& sample, Selection selection) {
  std::vector<Dim> out;
  for (Dim t = 0; t < sample.response_length; ++t) {
    if (selection == Selection::kResponse || sample.loss_mask[static_cast<size_t>(t)] != 0)
      out.push_back(t);
  }
  return out;
}

}  // namespace

MicroBatch::MicroBatch(std::span<const rl::Sample> samples, std::vector<Dim> members,
                       Selection selection, c10::Device device)
    : members_(std::move(members)),
      device_(device),
      context_(starts_of(samples, members_), device) {
  std::vector<int64_t> ids, rows, targets;
  for (const Dim member : members_) {
    const rl::Sample& sample = sample_at(samples, member);
    const auto start = static_cast<Dim>(ids.size());
    const Dim prompt_length = sample.total_length() - sample.response_length;
    LAPIDARY_CHECK(prompt_length > 0, "a sample without a prompt token");
    ids.insert(ids.end(), sample.tokens.begin(), sample.tokens.end());
    response_lengths_.push_back(sample.response_length);
    selected_.push_back(selected_of(sample, selection));
    for (const Dim t : selected_.back()) {
      rows.push_back(start + prompt_length + t - 1);
      targets.push_back(sample.tokens[static_cast<size_t>(prompt_length + t)]);
    }
  }
  num_tokens_ = static_cast<Dim>(ids.size());
  num_selected_ = static_cast<Dim>(rows.size());
  ids_ = at::tensor(ids, at::kLong);
  rows_ = at::tensor(rows, at::kLong).to(device);
  targets_ = at::tensor(targets, at::kLong).to(device);
}

ops::TokenLogProbs MicroBatch::log_probs(const model::Gemma4Model& model, const HeadSettings& head,
                                         model::Recompute recompute) {
  LAPIDARY_CHECK(num_selected_ > 0, "no token is selected");
  const at::Tensor hidden = model.hidden(ids_, context_, {.recompute = recompute, .observer = {}});
  ops::HeadOptions options{.softcap = model.config().final_logit_softcapping.value_or(0.0),
                           .temperature = head.temperature};
  if (head.chunk_tokens > 0) {
    options.chunk_bytes =
        head.chunk_tokens * model.config().vocab_size * static_cast<Dim>(sizeof(float));
  } else if (device_.is_cpu()) {
    options.chunk_bytes = kCpuChunkBytes;
  }
  return ops::token_log_probs(hidden.index_select(0, rows_), model.weights().embed_tokens, targets_,
                              options);
}

at::Tensor MicroBatch::gather(std::span<const std::vector<float>* const> values) const {
  LAPIDARY_CHECK(values.size() == members_.size(), members_.size(), " members, ", values.size(),
                 " lists");
  std::vector<float> out;
  out.reserve(static_cast<size_t>(num_selected_));
  for (size_t i = 0; i < values.size(); ++i) {
    LAPIDARY_CHECK(static_cast<Dim>(values[i]->size()) == response_lengths_[i],
                   "values of another length than the response");
    for (const Dim t : selected_[i]) out.push_back((*values[i])[static_cast<size_t>(t)]);
  }
  return at::tensor(out, at::kFloat).to(device_);
}

at::Tensor MicroBatch::sample_of_token() const {
  std::vector<int64_t> out;
  out.reserve(static_cast<size_t>(num_selected_));
  for (size_t i = 0; i < selected_.size(); ++i)
    out.insert(out.end(), selected_[i].size(), static_cast<int64_t>(i));
  return at::tensor(out, at::kLong).to(device_);
}

std::vector<std::vector<float>> MicroBatch::scatter(const at::Tensor& selected) const {
  const at::Tensor host = selected.detach().cpu().to(at::kFloat).contiguous();
  LAPIDARY_CHECK(host.numel() == num_selected_, host.numel(), " values for ", num_selected_,
                 " tokens");
  const float* next = host.const_data_ptr<float>();
  std::vector<std::vector<float>> out;
  for (size_t i = 0; i < selected_.size(); ++i) {
    std::vector<float>& row = out.emplace_back(static_cast<size_t>(response_lengths_[i]), 0.0F);
    for (const Dim t : selected_[i]) row[static_cast<size_t>(t)] = *next++;
  }
  return out;
}

}  // namespace lapidary::loop
