#include "rl/packing/schedule.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/check.h"
#include "rl/packing/balance.h"
#include "rl/packing/bins.h"

namespace lapidary::rl {

namespace {

// The samples of each rollout, rollouts in the order of first appearance.
std::vector<std::vector<Dim>> samples_by_rollout(std::span<const Dim> rollout_ids) {
  std::map<Dim, size_t> place;
  std::vector<std::vector<Dim>> rollouts;
  for (size_t i = 0; i < rollout_ids.size(); ++i) {
    const auto [found, is_new] = place.emplace(rollout_ids[i], rollouts.size());
    if (is_new) {
      rollouts.emplace_back();
    }
    rollouts[found->second].push_back(static_cast<Dim>(i));
  }
  return rollouts;
}

std::vector<double> flops_of(std::span<const Dim> lengths, const ScheduleOptions& options) {
  LAPIDARY_CHECK(options.flops != nullptr, "balancing needs an estimate of FLOPs");
  std::vector<double> flops;
  for (const Dim length : lengths) {
    flops.push_back(options.flops(length));
  }
  return flops;
}

Bins fill_bins(std::span<const Dim> lengths, const ScheduleOptions& options) {
  const auto num_samples = static_cast<Dim>(lengths.size());
  if (options.filling == BinFilling::kFixedCount) {
    return fixed_size_bins(num_samples, options.micro_batch_size);
  }
  if (options.filling == BinFilling::kFirstFit) {
    return first_fit(lengths, options.max_tokens);
  }
  const Dim tokens = std::accumulate(lengths.begin(), lengths.end(), Dim{0});
  const Dim wanted = (tokens + options.max_tokens - 1) / options.max_tokens;
  if (wanted >= num_samples) {
    return fixed_size_bins(num_samples, 1);
  }
  return balance(flops_of(lengths, options), std::max<Dim>(wanted, 1), PartSize::kAny);
}

// Bins in a number that every rank gets alike.
Bins aligned_bins(std::span<const Dim> lengths, const ScheduleOptions& options) {
  Bins bins = fill_bins(lengths, options);
  const Dim multiple = options.num_ranks * options.micro_batch_multiple;
  const auto found = static_cast<Dim>(bins.size());
  const Dim wanted = (found + multiple - 1) / multiple * multiple;
  if (wanted == found) {
    return bins;
  }
  if (options.filling == BinFilling::kFixedCount) {
    fail(ErrorKind::kInvalidArgument, "a step of ", lengths.size(), " samples makes ", found,
         " micro-batches of ", options.micro_batch_size, "; that must be a multiple of ", multiple,
         " (", options.num_ranks, " data-parallel ranks x ", options.micro_batch_multiple,
         "): change --global-batch-size or --micro-batch-size, or use --use-dynamic-batch-size");
  }
  split_bins(bins, wanted, lengths);
  if (static_cast<Dim>(bins.size()) != wanted) {
    fail(ErrorKind::kInvalidArgument, "a step of ", lengths.size(), " samples cannot make ", wanted,
         " micro-batches (a multiple of ", multiple, "); raise --global-batch-size");
  }
  return bins;
}

std::vector<std::vector<Dim>> deal_out(const Bins& bins, std::span<const Dim> lengths,
                                       const ScheduleOptions& options) {
  if (options.balance == StepBalance::kMicroBatches) {
    const std::vector<double> flops = flops_of(lengths, options);
    std::vector<double> weights;
    for (const std::vector<Dim>& bin : bins) {
      double weight = 0;
      for (const Dim sample : bin) {
        weight += flops[static_cast<size_t>(sample)];
      }
      weights.push_back(weight);
    }
    return balance(weights, options.num_ranks, PartSize::kEqual);
  }
  std::vector<std::vector<Dim>> ranks(static_cast<size_t>(options.num_ranks));
  for (size_t bin = 0; bin < bins.size(); ++bin) {
    ranks[bin % ranks.size()].push_back(static_cast<Dim>(bin));
  }
  return ranks;
}

void add_step(Schedule& schedule, const std::vector<Dim>& samples, std::span<const Dim> lengths,
              const ScheduleOptions& options) {
  if (static_cast<Dim>(samples.size()) < options.num_ranks) {
    fail(ErrorKind::kInvalidArgument, "a step of ", samples.size(), " samples over ",
         options.num_ranks, " data-parallel ranks: each rank needs one; raise --global-batch-size");
  }
  std::vector<Dim> step_lengths;
  for (const Dim sample : samples) {
    step_lengths.push_back(lengths[static_cast<size_t>(sample)]);
  }
  const Bins bins = aligned_bins(step_lengths, options);
  schedule.num_micro_batches.push_back(static_cast<Dim>(bins.size()) / options.num_ranks);
  schedule.global_batch_sizes.push_back(options.global_batch_size);
  const std::vector<std::vector<Dim>> dealt = deal_out(bins, step_lengths, options);
  for (size_t rank = 0; rank < dealt.size(); ++rank) {
    std::vector<Dim>& partition = schedule.partitions[rank];
    for (const Dim bin : dealt[rank]) {
      std::vector<Dim>& positions = schedule.micro_batches[rank].emplace_back();
      for (const Dim local : bins[static_cast<size_t>(bin)]) {
        positions.push_back(static_cast<Dim>(partition.size()));
        partition.push_back(samples[static_cast<size_t>(local)]);
      }
    }
  }
}

void validate(std::span<const Dim> lengths, std::span<const Dim> rollout_ids,
              const ScheduleOptions& options) {
  LAPIDARY_CHECK(lengths.size() == rollout_ids.size(), lengths.size(), " lengths, ",
                 rollout_ids.size(), " rollout ids");
  LAPIDARY_CHECK(options.num_ranks > 0 && options.micro_batch_multiple > 0, options.num_ranks,
                 " ranks, multiple ", options.micro_batch_multiple);
  if (options.global_batch_size < 1) {
    fail(ErrorKind::kInvalidArgument, "--global-batch-size is ", options.global_batch_size,
         "; it must be at least 1");
  }
  if (options.filling != BinFilling::kFixedCount && options.max_tokens < 1) {
    fail(ErrorKind::kInvalidArgument, "--max-tokens-per-gpu is ", options.max_tokens,
         "; packing needs at least 1");
  }
  if (options.filling == BinFilling::kFixedCount && options.micro_batch_size < 1) {
    fail(ErrorKind::kInvalidArgument, "--micro-batch-size is ", options.micro_batch_size,
         "; it must be at least 1");
  }
}

}  // namespace

Schedule build_schedule(std::span<const Dim> lengths, std::span<const Dim> rollout_ids,
                        const ScheduleOptions& options) {
  validate(lengths, rollout_ids, options);
  const std::vector<std::vector<Dim>> rollouts = samples_by_rollout(rollout_ids);
  const auto batch = static_cast<size_t>(options.global_batch_size);
  if (rollouts.size() < batch) {
    fail(ErrorKind::kInvalidArgument, rollouts.size(),
         " rollouts are fewer than --global-batch-size ", batch,
         "; lower it, or raise --rollout-batch-size or --n-samples-per-prompt");
  }
  Schedule schedule;
  schedule.partitions.resize(static_cast<size_t>(options.num_ranks));
  schedule.micro_batches.resize(static_cast<size_t>(options.num_ranks));
  const size_t num_steps = rollouts.size() / batch;
  for (size_t step = 0; step < num_steps; ++step) {
    std::vector<Dim> samples;
    for (size_t i = step * batch; i < (step + 1) * batch; ++i) {
      samples.insert(samples.end(), rollouts[i].begin(), rollouts[i].end());
    }
    add_step(schedule, samples, lengths, options);
  }
  for (size_t i = num_steps * batch; i < rollouts.size(); ++i) {
    schedule.dropped.insert(schedule.dropped.end(), rollouts[i].begin(), rollouts[i].end());
  }
  return schedule;
}

}  // namespace lapidary::rl
