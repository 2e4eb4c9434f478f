#include "comm/communicator_contract.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

namespace lapidary::comm::contract {
namespace {

// Values whose sum depends on the order of addition in fp32.
at::Tensor values_of(int rank, Dim count) {
  at::Tensor out = at::arange(count, at::kFloat);
  out = out.mul(0.7F).add(static_cast<float>(rank) * 1.3F).sin();
  return out.mul(std::pow(10.0F, static_cast<float>(rank % 5)));
}

}  // namespace

void reductions_have_equal_bits_on_all_ranks(Communicator& world) {
  for (const auto dtype : {at::kFloat, at::kBFloat16, at::kDouble}) {
    for (const Dim count : {0L, 1L, 7L, 1000L}) {
      at::Tensor mine = values_of(world.rank(), count).to(dtype);
      // In rank order, in fp32 for the two-byte type: what the header promises.
      const auto wide = dtype == at::kBFloat16 ? at::kFloat : dtype;
      at::Tensor expected = values_of(0, count).to(dtype).to(wide);
      for (int r = 1; r < world.size(); ++r) {
        expected = expected.add(values_of(r, count).to(dtype).to(wide));
      }
      world.all_reduce(mine, ReduceOp::kSum);
      EXPECT_TRUE(at::equal(mine, expected.to(dtype))) << count << " elements";
    }
  }
  at::Tensor largest = at::full({3}, world.rank(), at::kLong);
  world.all_reduce(largest, ReduceOp::kMax);
  EXPECT_TRUE(at::equal(largest, at::full({3}, world.size() - 1, at::kLong)));
}

void gathers_and_scatters_keep_rank_order(Communicator& world) {
  const Dim size = world.size();
  at::Tensor gathered = at::empty({size, 3}, at::kFloat);
  world.all_gather(gathered, values_of(world.rank(), 3));
  for (Dim r = 0; r < size; ++r) {
    EXPECT_TRUE(at::equal(gathered[r], values_of(static_cast<int>(r), 3)));
  }
  at::Tensor input = at::ones({size, 2}, at::kFloat).mul(static_cast<float>(world.rank() + 1));
  at::Tensor output = at::empty({2}, at::kFloat);
  const auto work = world.reduce_scatter_async(output, input, ReduceOp::kSum);
  work->wait();
  EXPECT_TRUE(
      at::equal(output, at::full({2}, static_cast<double>(size * (size + 1) / 2), at::kFloat)));
  at::Tensor told = at::full({2}, world.rank(), at::kFloat);
  world.broadcast(told, static_cast<int>(size) - 1);
  EXPECT_TRUE(at::equal(told, at::full({2}, static_cast<double>(size - 1), at::kFloat)));
  world.barrier();
}

// Rank r sends (r + peer) % 3 rows of value 100 r + peer to each peer.
void all_to_all_moves_ragged_and_empty_rows(Communicator& world) {
  std::vector<Dim> rows;
  Dim total = 0;
  for (int peer = 0; peer < world.size(); ++peer) {
    rows.push_back((world.rank() + peer) % 3);
    total += rows.back();
  }
  at::Tensor input = at::empty({total, 4}, at::kFloat);
  Dim at_row = 0;
  for (int peer = 0; peer < world.size(); ++peer) {
    const Dim count = rows[static_cast<size_t>(peer)];
    if (count > 0) input.narrow(0, at_row, count).fill_(100 * world.rank() + peer);
    at_row += count;
  }
  at::Tensor output = at::empty({total, 4}, at::kFloat);  // (r + peer) % 3 is symmetric
  world.all_to_all(output, input, rows, rows);
  at_row = 0;
  for (int peer = 0; peer < world.size(); ++peer) {
    const Dim count = rows[static_cast<size_t>(peer)];
    if (count > 0) {
      const at::Tensor part = output.narrow(0, at_row, count);
      EXPECT_TRUE(at::equal(part, at::full(part.sizes(), 100 * peer + world.rank(), at::kFloat)));
    }
    at_row += count;
  }
}

void messages_arrive_in_order(Communicator& world) {
  const int next = (world.rank() + 1) % world.size();
  const int previous = (world.rank() + world.size() - 1) % world.size();
  for (int i = 0; i < 3; ++i) world.send(at::full({2}, 10 * world.rank() + i, at::kFloat), next);
  for (int i = 0; i < 3; ++i) {
    at::Tensor got = at::zeros({2}, at::kFloat);
    world.recv(got, previous);
    EXPECT_TRUE(at::equal(got, at::full({2}, 10 * previous + i, at::kFloat)));
  }
}

void split_orders_by_key_and_runs_side_by_side(Communicator& world) {
  const auto half = world.split(world.rank() % 2, -world.rank(), "half");
  EXPECT_EQ(half->size(), (world.size() + 1 - world.rank() % 2) / 2);
  at::Tensor ranks = at::empty({half->size()}, at::kLong);
  half->all_gather(ranks, at::full({1}, world.rank(), at::kLong));
  for (int i = 1; i < half->size(); ++i) {
    EXPECT_GT(ranks[i - 1].item<int64_t>(), ranks[i].item<int64_t>());  // keys were negated ranks
  }
  EXPECT_EQ(ranks[half->rank()].item<int64_t>(), world.rank());
}

}  // namespace lapidary::comm::contract
