// Samples into bins under a token cap, and more bins out of few.
//
// Example: first_fit({100, 200, 300}, 300) is {{0, 1}, {2}}.
#pragma once

#include <span>
#include <vector>

#include "base/dim.h"

namespace lapidary::rl {

using Bins = std::vector<std::vector<Dim>>;  // sample numbers, bin by bin

// In order, each sample into the first bin with room. A sample longer than the cap opens a bin of
// its own that takes nothing else.
Bins first_fit(std::span<const Dim> lengths, Dim max_tokens);

// Fixed numbers of samples in order; the last bin may hold fewer.
Bins fixed_size_bins(Dim num_samples, Dim bin_size);

// Splits the bin with the largest token sum (the later one among equals) until there are
// target_count or every bin holds one sample. Its samples, longest first, go to the lighter half;
// the first half stays, the second is appended.
void split_bins(Bins& bins, Dim target_count, std::span<const Dim> lengths);

}  // namespace lapidary::rl
