#include "model/gemma4/model.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "model/gemma4/hf_weights.h"
#include "model/gemma4/per_layer_embedding.h"
#include "ops/embedding.h"
#include "ops/norm.h"
#include "ops/recompute.h"
#include "tensor/shape.h"

namespace lapidary::model {

namespace {

ops::RopeType rope_type(RopeType type) {
  return type == RopeType::kProportional ? ops::RopeType::kProportional : ops::RopeType::kDefault;
}

at::Tensor frequencies(const RopeParameters& rope, Dim head_dim, c10::Device device) {
  return ops::rope_inverse_frequencies(rope_type(rope.type), head_dim, rope.theta,
                                       rope.partial_rotary_factor, rope.factor)
      .to(device);
}

// The layer as a function of tensors alone, as recompute() wants it: undefined ones are left out.
// Inputs [hidden, per_layer_input?, borrowed key?, borrowed value?], outputs [hidden, own key?, own
// value?]; keys and values are given out only where a later layer borrows them.
LayerOutput recomputed_layer(const LayerSpec& spec, const Gemma4LayerWeights& weights,
                             const LayerInput& input, const ops::RopeTable& rope,
                             AttentionContext& context) {
  const bool has_per_layer_input = input.per_layer_input.defined();
  const bool borrows = input.borrowed.key.defined();
  ops::Tensors inputs{input.hidden};
  if (has_per_layer_input) inputs.push_back(input.per_layer_input);
  if (borrows) inputs.insert(inputs.end(), {input.borrowed.key, input.borrowed.value});
  const auto run = [spec, weights, &context, rope, has_per_layer_input,
                    borrows](const ops::Tensors& given) {
    LayerInput again{given[0], {}, {}};
    if (has_per_layer_input) again.per_layer_input = given[1];
    if (borrows) again.borrowed = {given[given.size() - 2], given.back()};
    const LayerOutput output = decoder_layer(spec, weights, again, rope, context, Observer());
    ops::Tensors outputs{output.hidden};
    if (spec.is_kv_donor) outputs.insert(outputs.end(), {output.own.key, output.own.value});
    return outputs;
  };
  const ops::Tensors outputs = ops::recompute(run, inputs);
  LayerOutput out{outputs[0], {}};
  if (spec.is_kv_donor) out.own = {outputs[1], outputs[2]};
  return out;
}

// Whether a forward now is to be differentiable in some weight.
bool is_trained(const std::vector<Parameter>& parameters) {
  return c10::GradMode::is_enabled() &&
         std::any_of(parameters.begin(), parameters.end(),
                     [](const Parameter& one) { return one.tensor.requires_grad(); });
}

}  // namespace

Gemma4Model::Gemma4Model(const Gemma4Config& config, const ModelOptions& options,
                         const std::string& prefix)
    : config_(config),
      weights_(allocate_weights(config, options.dtype, options.device)),
      parameters_(list_parameters(config, weights_, prefix)),
      layers_(layer_specs(config)),
      sliding_frequencies_(
          frequencies(config.sliding_rope, config.sliding_head_dim, options.device)),
      full_frequencies_(frequencies(config.full_rope, config.full_head_dim, options.device)) {}

Gemma4Model Gemma4Model::load(const checkpoint::HfCheckpoint& checkpoint,
                              const ModelOptions& options) {
  return load(checkpoint, Gemma4Config::read(checkpoint.folder()), options);
}

Gemma4Model Gemma4Model::load(const checkpoint::HfCheckpoint& checkpoint,
                              const Gemma4Config& config, const ModelOptions& options) {
  const TensorMatch match = match_weights(config, checkpoint);
  Gemma4Model model(config, options, match.prefix);
  for (const Parameter& parameter : model.parameters_)
    checkpoint.load_into(parameter.name, parameter.value());
  return model;
}

Gemma4Model Gemma4Model::random(const Gemma4Config& config, uint64_t seed,
                                const ModelOptions& options) {
  config.validate("random model");
  Gemma4Model model(config, options, std::string(text_prefix(config.layout)));
  at::Generator generator = at::detail::createCPUGenerator(seed);
  for (const Parameter& parameter : model.parameters_) {
    const at::Tensor value = parameter.value();
    if (value.dim() == 1) {
      value.fill_(1.0);
    } else {
      value.copy_(
          at::empty(value.sizes(), at::kFloat).normal_(0.0, config.initializer_range, generator));
    }
  }
  return model;
}

at::Tensor Gemma4Model::hidden(const at::Tensor& ids, AttentionContext& context,
                               const ForwardOptions& options) const {
  const at::Tensor& positions = context.positions();
  expect_shape(ids, "ids", {positions.size(0)});
  LAPIDARY_CHECK(ids.scalar_type() == at::kLong, "ids: expected int64");
  LAPIDARY_CHECK(!options.observer || options.recompute == Recompute::kNone,
                 "an observer sees no intermediate values under recomputation");
  check_length(context.end_position(), "the sequence");
  if (ids.is_cpu()) {
    const at::Tensor host = ids.contiguous();
    check_ids({host.const_data_ptr<int64_t>(), static_cast<size_t>(host.numel())}, "the input");
  }
  const at::Tensor device_ids = ids.to(device());

  at::Tensor x = ops::scaled_embedding(device_ids, weights_.embed_tokens,
                                       std::sqrt(static_cast<double>(config_.hidden_size)),
                                       config_.pad_token_id.value_or(-1));
  observe(options.observer, "embed", -1, x);
  // A recomputed layer has gradients only if one of its inputs wants one, which a frozen embedding
  // does not give.
  if (options.recompute == Recompute::kLayers && !x.requires_grad() && is_trained(parameters_))
    x = x.detach().requires_grad_(true);
  std::vector<at::Tensor> per_layer;  // one [tokens, ple] a layer
  if (config_.has_per_layer_inputs())
    per_layer = per_layer_inputs(config_, weights_, device_ids, x).unbind(1);
  const ops::RopeTable sliding_rope = ops::rope_table(positions, sliding_frequencies_, dtype());
  const ops::RopeTable full_rope = ops::rope_table(positions, full_frequencies_, dtype());

  std::vector<KeyValue> shared(layers_.size());  // of the layers that later ones borrow from
  for (size_t i = 0; i < layers_.size(); ++i) {
    const LayerSpec& spec = layers_[i];
    LayerInput input{x, {}, {}};
    if (!per_layer.empty()) input.per_layer_input = per_layer[i];
    if (spec.value_source == ops::ValueSource::kNone)
      input.borrowed = shared[static_cast<size_t>(spec.attention.kv_source)];
    const ops::RopeTable& rope = spec.is_full ? full_rope : sliding_rope;
    const LayerOutput output =
        options.recompute == Recompute::kLayers
            ? recomputed_layer(spec, weights_.layers[i], input, rope, context)
            : decoder_layer(spec, weights_.layers[i], input, rope, context, options.observer);
    if (spec.is_kv_donor) shared[i] = output.own;
    x = output.hidden;
  }
  x = ops::rms_norm(x, weights_.norm, config_.rms_norm_eps);
  observe(options.observer, "final_norm", -1, x);
  return x;
}

at::Tensor Gemma4Model::logits(const at::Tensor& hidden) const {
  return ops::head_logits(hidden, weights_.embed_tokens,
                          config_.final_logit_softcapping.value_or(0.0));
}

ops::TokenLogProbs Gemma4Model::log_probs(const at::Tensor& hidden, const at::Tensor& targets,
                                          double temperature) const {
  return ops::token_log_probs(
      hidden, weights_.embed_tokens, targets.to(device()),
      {.softcap = config_.final_logit_softcapping.value_or(0.0), .temperature = temperature});
}

void Gemma4Model::for_each(const std::function<void(const Parameter&)>& visit) const {
  for (const Parameter& parameter : parameters_) visit(parameter);
}

void Gemma4Model::set_requires_grad(bool requires_grad) {
  for (const Parameter& parameter : parameters_) {
    if (parameter.is_trainable()) parameter.tensor.requires_grad_(requires_grad);
  }
}

void Gemma4Model::zero_grad() {
  for (const Parameter& parameter : parameters_) parameter.tensor.mutable_grad().reset();
}

std::vector<checkpoint::NamedTensor> Gemma4Model::named_tensors() const {
  std::vector<checkpoint::NamedTensor> out;
  const std::vector<ExpectedTensor> expected = expected_tensors(config_);
  for (size_t i = 0; i < expected.size(); ++i)
    out.push_back({expected[i].name, parameters_[i].value()});
  return out;
}

void Gemma4Model::check_ids(std::span<const int64_t> ids, std::string_view what) const {
  if (ids.empty())
    fail(ErrorKind::kInvalidArgument, what, " has no tokens; at least one is needed");
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] >= 0 && ids[i] < config_.vocab_size) continue;
    fail(ErrorKind::kInvalidArgument, what, ": token id ", ids[i], " at position ", i,
         " is outside the vocabulary of ", config_.vocab_size, " tokens (0 to ",
         config_.vocab_size - 1, ")");
  }
}

void Gemma4Model::check_length(Dim tokens, std::string_view what) const {
  if (tokens == 0)
    fail(ErrorKind::kInvalidArgument, what, " has no tokens; at least one is needed");
  if (tokens > config_.max_position_embeddings) {
    fail(ErrorKind::kInvalidArgument, what, " is ", tokens, " tokens long, but the model has ",
         config_.max_position_embeddings, " positions (max_position_embeddings); shorten it");
  }
}

}  // namespace lapidary::model
