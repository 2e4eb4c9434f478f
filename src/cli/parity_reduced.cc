// The checks of `lapidary parity` below float32.
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <c10/core/GradMode.h>

#include "base/check.h"
#include "cli/parity_checks.h"

namespace lapidary::cli {

namespace {

// Another correct implementation is as far from float32 as the dumped one, within this factor.
constexpr double kMeanFactor = 1.5;
// Without a dumped one: of the mean size of the logits.
constexpr double kMeanShare = 0.05;
constexpr double kRoutingSlack = 0.03;  // share of (layer, token) pairs

struct Gathered {
  std::vector<at::Tensor> logits;    // found, flattened
  std::vector<at::Tensor> expected;  // float32
  std::vector<at::Tensor> reduced;   // bfloat16 of the other implementation, where dumped
  std::vector<at::Tensor> same_experts;
};

at::Tensor sorted_ids(const at::Tensor& ids) {
  return std::get<0>(ids.cpu().sort(-1));
}

Gathered gather(const model::Gemma4Model& model, ParityDump& dump) {
  Gathered out;
  for (size_t i = 0; i < dump.num_sequences(); ++i) {
    const std::string sequence = cat("seq", i, ".");
    model::ForwardOptions options;
    options.observer = [&](std::string_view observed, Dim layer, const at::Tensor& value) {
      if (observed != "router.index") return;
      const at::Tensor expected = dump.take(cat(sequence, "router.", layer, ".index"));
      if (!expected.defined()) return;
      out.same_experts.push_back(
          sorted_ids(value).eq(sorted_ids(expected)).all(-1).to(at::kDouble).flatten());
    };
    const at::Tensor& ids = dump.input_ids(i);
    model::PackedContext context({0, ids.size(0)}, model.device());
    const at::Tensor logits = model.logits(model.hidden(ids, context, options));
    const at::Tensor expected = dump.take(sequence + "logits");
    if (!expected.defined()) continue;
    out.logits.push_back(logits.cpu().to(at::kDouble).flatten());
    out.expected.push_back(expected.to(at::kDouble).flatten());
    const at::Tensor reduced = dump.take(sequence + "logits_bf16");
    if (reduced.defined()) out.reduced.push_back(reduced.to(at::kDouble).flatten());
  }
  return out;
}

double mean_difference(const at::Tensor& a, const at::Tensor& b) {
  return a.sub(b).abs().mean().item().toDouble();
}

}  // namespace

void check_reduced_precision(const model::Gemma4Model& model, ParityDump& dump,
                             Comparison& comparison) {
  const c10::NoGradGuard no_grad;
  const Gathered all = gather(model, dump);
  if (all.logits.empty())
    fail(ErrorKind::kCorrupt, "parity: the dump has no logits to compare with");
  const at::Tensor found = at::cat(all.logits);
  const at::Tensor expected = at::cat(all.expected);
  const double size = expected.abs().mean().item().toDouble();
  const double others_mean =
      dump.bf16_figure("logits_mean_abs_diff_to_float32").value_or(kMeanShare / kMeanFactor * size);
  comparison.compare("logits, mean", "mean |logit - float32 logit|",
                     mean_difference(found, expected), 0.0,
                     Tolerance::absolute(kMeanFactor * others_mean));
  comparison.compare("logits, largest", "largest |logit - float32 logit|", found, expected,
                     Tolerance::reported());
  if (!all.reduced.empty()) {
    const at::Tensor reduced = at::cat(all.reduced);
    comparison.compare("logits, mean", "mean |logit - other's bfloat16 logit|",
                       mean_difference(found, reduced), 0.0,
                       Tolerance::absolute(kMeanFactor * others_mean));
    comparison.compare("logits, largest", "largest |logit - other's bfloat16 logit|", found,
                       reduced, Tolerance::reported());
  }
  if (!all.same_experts.empty()) {
    const double share = at::cat(all.same_experts).mean().item().toDouble();
    const double others_share =
        dump.bf16_figure("share_of_positions_with_the_same_experts").value_or(1.0 - kRoutingSlack);
    comparison.compare("routing", "share of (layer, token) pairs with other experts than float32",
                       1.0 - share, 0.0, Tolerance::absolute(1.0 - others_share + kRoutingSlack));
  }
}

}  // namespace lapidary::cli
