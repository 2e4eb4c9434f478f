// Weights into k parts of nearly equal sums by largest differencing (Karmarkar and Karp 1982): the
// two partial solutions with the widest spread are joined, heavy sets to light ones, until one is
// left.
//
// Example: balance({8, 7, 6, 5, 4}, 2, kAny) is {{1, 3, 4}, {0, 2}} with sums 16 and 14.
#pragma once

#include <span>
#include <vector>

#include "base/dim.h"

namespace lapidary::rl {

enum class PartSize {
  kAny,    // no part is empty
  kEqual,  // every part has as many items as any other
};

// Item numbers in ascending order, part by part. The same weights give the same parts. Throws
// Error{kInvalidArgument} for fewer items than parts, or for kEqual when the parts do not divide
// the items, and when differencing leaves a part empty.
std::vector<std::vector<Dim>> balance(std::span<const double> weights, Dim num_parts,
                                      PartSize part_size);

}  // namespace lapidary::rl
