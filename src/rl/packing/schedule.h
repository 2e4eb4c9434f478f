// Which samples make a training step, which of them a micro-batch, and which rank runs it. First
// pack, then deal out; a pure function of the lengths.
//
// Worked example. Lengths {100, 200, 300} of rollouts {0, 1, 2}, batch 3, one rank, 300 tokens a
// micro-batch: one step with partitions {{0, 1, 2}}, micro_batches {{{0, 1}, {2}}}.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/dim.h"

namespace lapidary::rl {

enum class StepBalance {
  kNone,          // bins r, r + ranks, ... go to rank r
  kMicroBatches,  // --balance-data: equal counts of micro-batches, nearly equal FLOPs
};
enum class BinFilling {
  kFirstFit,    // --use-dynamic-batch-size: never above the cap, but for one sample that is
  kFixedCount,  // --micro-batch-size samples each
  kBalanced,    // --balance-by-flops: nearly equal FLOPs; the cap only sets the number of bins
};

struct ScheduleOptions {
  Dim global_batch_size = 1;  // rollouts of one step
  Dim num_ranks = 1;          // data-parallel
  // Micro-batches of a rank are a multiple of this (the group of an interleaved pipeline).
  Dim micro_batch_multiple = 1;
  BinFilling filling = BinFilling::kFirstFit;
  Dim max_tokens = 0;        // of a micro-batch: --max-tokens-per-gpu x context-parallel size
  Dim micro_batch_size = 1;  // of kFixedCount
  StepBalance balance = StepBalance::kNone;
  std::function<double(Dim length)> flops;  // needed by kMicroBatches and kBalanced
};

struct Schedule {
  std::vector<std::vector<Dim>> partitions;                  // [rank] samples in the order they run
  std::vector<std::vector<std::vector<Dim>>> micro_batches;  // [rank][micro-batch] positions there
  std::vector<Dim> num_micro_batches;                        // [step], of each rank
  std::vector<Dim> global_batch_sizes;                       // [step] rollouts
  std::vector<Dim> dropped;                                  // samples of the last, incomplete step
};

// rollout_ids[i] of sample i; samples of one rollout stay in one step, rollouts come in the order
// in which they first appear. Throws Error{kInvalidArgument} naming the flags when no step or no
// whole number of micro-batches comes out.
Schedule build_schedule(std::span<const Dim> lengths, std::span<const Dim> rollout_ids,
                        const ScheduleOptions& options);

}  // namespace lapidary::rl
