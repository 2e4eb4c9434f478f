#include "rl/packing/bins.h"

#include <algorithm>

#include "base/check.h"

namespace lapidary::rl {

namespace {

Dim length_of(std::span<const Dim> lengths, Dim sample) {
  LAPIDARY_CHECK(sample >= 0 && static_cast<size_t>(sample) < lengths.size(), "sample ", sample,
                 " of ", lengths.size());
  return lengths[static_cast<size_t>(sample)];
}

// The number of the heaviest bin with more than one sample, or -1.
Dim heaviest_divisible(const Bins& bins, std::span<const Dim> lengths) {
  Dim found = -1;
  Dim heaviest = 0;
  for (size_t i = 0; i < bins.size(); ++i) {
    if (bins[i].size() < 2) {
      continue;
    }
    Dim tokens = 0;
    for (const Dim sample : bins[i]) {
      tokens += length_of(lengths, sample);
    }
    if (found < 0 || tokens >= heaviest) {
      found = static_cast<Dim>(i);
      heaviest = tokens;
    }
  }
  return found;
}

}  // namespace

Bins first_fit(std::span<const Dim> lengths, Dim max_tokens) {
  Bins bins;
  std::vector<Dim> filled;
  for (size_t i = 0; i < lengths.size(); ++i) {
    size_t bin = 0;
    while (bin < bins.size() && filled[bin] + lengths[i] > max_tokens) {
      ++bin;
    }
    if (bin == bins.size()) {
      bins.emplace_back();
      filled.push_back(0);
    }
    bins[bin].push_back(static_cast<Dim>(i));
    filled[bin] += lengths[i];
  }
  return bins;
}

Bins fixed_size_bins(Dim num_samples, Dim bin_size) {
  LAPIDARY_CHECK(bin_size > 0, "micro-batch size ", bin_size);
  Bins bins;
  for (Dim sample = 0; sample < num_samples; ++sample) {
    if (sample % bin_size == 0) {
      bins.emplace_back();
    }
    bins.back().push_back(sample);
  }
  return bins;
}

void split_bins(Bins& bins, Dim target_count, std::span<const Dim> lengths) {
  while (static_cast<Dim>(bins.size()) < target_count) {
    const Dim heaviest = heaviest_divisible(bins, lengths);
    if (heaviest < 0) {
      return;
    }
    std::vector<Dim> samples = bins[static_cast<size_t>(heaviest)];
    std::stable_sort(samples.begin(), samples.end(),
                     [&](Dim a, Dim b) { return length_of(lengths, a) > length_of(lengths, b); });
    std::vector<Dim> first;
    std::vector<Dim> second;
    Dim first_tokens = 0;
    Dim second_tokens = 0;
    for (const Dim sample : samples) {
      const bool is_first = first_tokens <= second_tokens;
      (is_first ? first : second).push_back(sample);
      (is_first ? first_tokens : second_tokens) += length_of(lengths, sample);
    }
    bins[static_cast<size_t>(heaviest)] = std::move(first);
    bins.push_back(std::move(second));
  }
}

}  // namespace lapidary::rl
