#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "lapidary_check/case_values.h"
#include "lapidary_check/checks.h"
#include "rl/packing/balance.h"
#include "rl/packing/bins.h"
#include "rl/packing/context_slice.h"
#include "rl/packing/flops.h"
#include "rl/packing/schedule.h"

namespace lapidary::check {

namespace {

// Sums of whole numbers stay whole.
Json whole(double value) {
  return value == std::floor(value) && std::abs(value) < 0x1p53 ? Json(static_cast<int64_t>(value))
                                                                : Json(value);
}

Json first_fit(const JsonObject& fields) {
  return Json{{"bins", rl::first_fit(fields.get_ints("lengths"), fields.get_int("max_tokens"))}};
}

Json expand_bins(const JsonObject& fields) {
  auto bins = fields.at("bins").get<rl::Bins>();
  rl::split_bins(bins, fields.get_int("target_count"), fields.get_ints("lengths"));
  return Json{{"bins", bins}};
}

Json karmarkar_karp(const JsonObject& fields) {
  const std::vector<double> weights = doubles(fields.at("weights"));
  const auto size = fields.get_bool("equal_size") ? rl::PartSize::kEqual : rl::PartSize::kAny;
  const std::vector<std::vector<Dim>> parts = rl::balance(weights, fields.get_int("k"), size);
  std::vector<double> sums;
  for (const std::vector<Dim>& part : parts) {
    double sum = 0;
    for (const Dim item : part) {
      sum += weights[static_cast<size_t>(item)];
    }
    sums.push_back(sum);
  }
  const auto [least, most] = std::minmax_element(sums.begin(), sums.end());
  Json result{{"partitions", parts}, {"sums", Json::array()}};
  for (const double sum : sums) {
    result["sums"].push_back(whole(sum));
  }
  result["max"] = whole(*most);
  result["min"] = whole(*least);
  result["spread"] = whole(*most - *least);
  return result;
}

// The sizes that the cases of dp_schedule name only.
rl::TransformerShape named_shape(const std::string& model) {
  if (model == "gemma4-26B-A4B") {
    return {30, 2816, 8 * 704, 16, 8, 256, 262144};
  }
  if (model == "gemma4-31B") {
    return {60, 5376, 21504, 32, 16, 256, 262144};
  }
  if (model == "tiny") {
    return {2, 16, 64, 2, 2, 8, 32};
  }
  fail(ErrorKind::kUnsupported, "no sizes are known for the model ", lapidary::quoted(model));
}

rl::TransformerShape given_shape(const JsonObject& config) {
  rl::TransformerShape shape;
  shape.num_layers = config.get_int("num_layers");
  shape.hidden_size = config.get_int("hidden_size");
  shape.ffn_size = config.has("num_experts")
                       ? config.get_int("moe_ffn_hidden_size") * config.get_int("moe_router_topk")
                       : config.get_int("ffn_hidden_size");
  shape.num_heads = config.get_int("num_attention_heads");
  shape.num_kv_heads = config.get_int("num_query_groups");
  shape.head_dim = config.get_int("kv_channels");
  shape.vocab_size = config.get_int("vocab_size");
  return shape;
}

Json fwd_flops(const JsonObject& fields) {
  const rl::TransformerShape shape = fields.has("config") ? given_shape(fields.get_object("config"))
                                                          : named_shape(fields.get_string("model"));
  std::vector<double> flops;
  double total = 0;
  for (const Dim length : fields.get_ints("lengths")) {
    flops.push_back(rl::estimated_forward_flops(shape, length));
    total += flops.back();
  }
  return Json{{"flops_per_sequence", numbers(flops)}, {"total", total}};
}

rl::ScheduleOptions schedule_options(const JsonObject& fields) {
  rl::ScheduleOptions options;
  options.global_batch_size = fields.get_int("global_batch_size");
  options.num_ranks = fields.get_int("dp_size");
  if (fields.get_int("vpp_size") > 1) {
    options.micro_batch_multiple = fields.get_int("microbatch_group_size_per_vp_stage");
  }
  const bool is_balanced = fields.get_bool("balance_by_flops");
  options.filling = is_balanced                                 ? rl::BinFilling::kBalanced
                    : fields.get_bool("use_dynamic_batch_size") ? rl::BinFilling::kFirstFit
                                                                : rl::BinFilling::kFixedCount;
  options.max_tokens = fields.get_int_or("max_tokens_per_gpu", 0) * fields.get_int("cp_size");
  options.micro_batch_size = fields.get_int_or("micro_batch_size", 1);
  options.balance =
      fields.get_bool("balance_data") ? rl::StepBalance::kMicroBatches : rl::StepBalance::kNone;
  options.flops = [shape = named_shape(fields.get_string("model"))](Dim length) {
    return rl::estimated_forward_flops(shape, length);
  };
  return options;
}

Json dp_schedule(const JsonObject& fields) {
  const std::vector<Dim> lengths = fields.get_ints("total_lengths");
  const rl::Schedule schedule =
      rl::build_schedule(lengths, fields.get_ints("rollout_ids"), schedule_options(fields));
  Json rank_tokens = Json::array();
  Dim fullest = 0;
  for (size_t rank = 0; rank < schedule.partitions.size(); ++rank) {
    const std::vector<Dim>& partition = schedule.partitions[rank];
    Dim tokens = 0;
    for (const std::vector<Dim>& micro_batch : schedule.micro_batches[rank]) {
      Dim filled = 0;
      for (const Dim position : micro_batch) {
        filled += lengths[static_cast<size_t>(partition[static_cast<size_t>(position)])];
      }
      fullest = std::max(fullest, filled);
      tokens += filled;
    }
    rank_tokens.push_back(tokens);
  }
  return Json{{"partitions", schedule.partitions},
              {"micro_batch_indices", schedule.micro_batches},
              {"num_microbatches", schedule.num_micro_batches},
              {"global_batch_sizes", schedule.global_batch_sizes},
              {"rank_tokens", rank_tokens},
              {"max_micro_batch_tokens", fullest},
              {"dropped", schedule.dropped}};
}

Json ranges(const std::array<rl::PositionRange, 2>& both, size_t count) {
  Json list = Json::array();
  for (size_t i = 0; i < count; ++i) {
    list.push_back(Json::array({both[i].begin, both[i].end}));
  }
  return list;
}

Json cp_slice(const JsonObject& fields) {
  const Dim num_ranks = context_ranks(fields);
  const Dim total = fields.get_int("total_length");
  const Dim chunk = rl::context_chunk_size(total, num_ranks);
  Json ranks = Json::array();
  for (Dim rank = 0; rank < num_ranks; ++rank) {
    const rl::ContextSlice slice =
        rl::context_slice(total, fields.get_int("response_length"), num_ranks, rank);
    ranks.push_back(Json{{"positions", slice.positions(total)},
                         {"chunks", ranges(slice.chunks, 2)},
                         {"logit_ranges", ranges(slice.logit_rows, 2)},
                         {"token_ranges", ranges(slice.predicted, 2)},
                         {"response_indices", slice.response_indices}});
  }
  return Json{{"chunk_size", chunk}, {"padded_length", 2 * num_ranks * chunk}, {"ranks", ranks}};
}

Json cp_batch(const JsonObject& fields) {
  std::vector<std::vector<Dim>> tokens;
  std::vector<std::vector<Dim>> masks;
  for (size_t i = 0; i < fields.at("tokens").size(); ++i) {
    tokens.push_back(dims(element(fields.at("tokens"), i)));
    masks.push_back(dims(element(fields.at("loss_masks"), i)));
  }
  std::vector<rl::PackedSequence> sequences;
  for (size_t i = 0; i < tokens.size(); ++i) {
    sequences.push_back({tokens[i], masks[i]});
  }
  const Dim num_ranks = context_ranks(fields);
  const Dim multiple =
      fields.get_int("tensor_parallel_size") * fields.get_int("data_pad_size_multiplier");
  Json ranks = Json::array();
  for (Dim rank = 0; rank < num_ranks; ++rank) {
    const rl::PackedBatch batch = rl::pack_batch(sequences, num_ranks, rank, multiple);
    ranks.push_back(Json{{"tokens", batch.tokens},
                         {"full_loss_masks", batch.loss_mask},
                         {"cu_seqlens", batch.sequence_starts},
                         {"max_seqlen", batch.max_sequence_length}});
  }
  return Json{{"ranks", ranks}};
}

Json evaluate(const std::string& kind, const JsonObject& fields) {
  if (kind == "first_fit") {
    return first_fit(fields);
  }
  if (kind == "expand_bins") {
    return expand_bins(fields);
  }
  if (kind == "karmarkar_karp") {
    return karmarkar_karp(fields);
  }
  if (kind == "fwd_flops") {
    return fwd_flops(fields);
  }
  if (kind == "dp_schedule") {
    return dp_schedule(fields);
  }
  if (kind == "cp_slice") {
    return cp_slice(fields);
  }
  if (kind == "cp_batch") {
    return cp_batch(fields);
  }
  fail(ErrorKind::kUnsupported, "packing has no case of the kind ", kind);
}

}  // namespace

Json evaluate_packing(const JsonObject& test_case) {
  try {
    return evaluate(test_case.get_string("kind"), test_case.get_object("input"));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInvalidArgument) {
      throw;
    }
    return refusal("AssertionError", error);
  }
}

}  // namespace lapidary::check
