#include "rl/packing/balance.h"

#include <algorithm>
#include <numeric>
#include <queue>

#include "base/check.h"

namespace lapidary::rl {

namespace {

struct Item {
  Dim number = 0;
  double weight = 0;
  auto operator<=>(const Item&) const = default;
};

struct Set {
  double sum = 0;
  std::vector<Item> items;

  void add(const Item& item) {
    items.push_back(item);
    sum += item.weight;
  }
  // Lighter first, then fewer items, then the items themselves: a total order, so that the result
  // depends on the weights alone.
  bool operator<(const Set& other) const {
    if (sum != other.sum) {
      return sum < other.sum;
    }
    if (items.size() != other.items.size()) {
      return items.size() < other.items.size();
    }
    return items < other.items;
  }
};

// A partial solution: k sets, heaviest first.
struct Solution {
  std::vector<Set> sets;

  void sort() {
    std::stable_sort(sets.begin(), sets.end(), [](const Set& a, const Set& b) { return b < a; });
  }
  double spread() const { return sets.front().sum - sets.back().sum; }
};

// The order of a std::priority_queue: true where `a` is joined later than `b`.
bool is_joined_later(const Solution& a, const Solution& b) {
  if (a.spread() != b.spread()) {
    return a.spread() < b.spread();
  }
  return a.sets.front() < b.sets.front();
}

void join(Solution& into, const Solution& other) {
  const size_t count = into.sets.size();
  for (size_t i = 0; i < count; ++i) {
    for (const Item& item : other.sets[count - 1 - i].items) {
      into.sets[i].add(item);
    }
  }
  into.sort();
}

std::vector<Solution> starting_solutions(std::span<const double> weights, size_t num_parts,
                                         PartSize part_size) {
  std::vector<Dim> order(weights.size());
  std::iota(order.begin(), order.end(), Dim{0});
  std::stable_sort(order.begin(), order.end(), [&](Dim a, Dim b) {
    return weights[static_cast<size_t>(a)] < weights[static_cast<size_t>(b)];
  });
  const size_t block = part_size == PartSize::kEqual ? num_parts : 1;
  std::vector<Solution> solutions;
  for (size_t at = 0; at < order.size(); at += block) {
    Solution solution;
    solution.sets.resize(num_parts);
    for (size_t i = 0; i < block; ++i) {
      const Dim number = order[at + i];
      solution.sets[i].add({number, weights[static_cast<size_t>(number)]});
    }
    solution.sort();
    solutions.push_back(std::move(solution));
  }
  return solutions;
}

}  // namespace

std::vector<std::vector<Dim>> balance(std::span<const double> weights, Dim num_parts,
                                      PartSize part_size) {
  const auto num_items = static_cast<Dim>(weights.size());
  if (num_parts < 1 || num_items < num_parts) {
    fail(ErrorKind::kInvalidArgument, "balancing ", num_items, " items over ", num_parts,
         " parts: each part needs at least one");
  }
  if (part_size == PartSize::kEqual && num_items % num_parts != 0) {
    fail(ErrorKind::kInvalidArgument, "balancing ", num_items, " items over ", num_parts,
         " parts of equal count: ", num_items, " is no multiple of ", num_parts);
  }
  std::priority_queue<Solution, std::vector<Solution>, decltype(&is_joined_later)> open(
      &is_joined_later, starting_solutions(weights, static_cast<size_t>(num_parts), part_size));
  while (open.size() > 1) {
    Solution widest = open.top();
    open.pop();
    join(widest, open.top());
    open.pop();
    open.push(std::move(widest));
  }
  std::vector<std::vector<Dim>> parts;
  for (const Set& set : open.top().sets) {
    std::vector<Dim>& part = parts.emplace_back();
    for (const Item& item : set.items) {
      part.push_back(item.number);
    }
    if (part.empty()) {
      fail(ErrorKind::kInvalidArgument, "balancing ", num_items, " items over ", num_parts,
           " parts leaves a part empty; use fewer parts");
    }
    std::sort(part.begin(), part.end());
  }
  return parts;
}

}  // namespace lapidary::rl
