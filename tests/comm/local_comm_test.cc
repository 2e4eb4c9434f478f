#include "comm/local_comm.h"

#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "comm/communicator_contract.h"

namespace lapidary::comm {
namespace {

class LocalComm : public ::testing::TestWithParam<int> {
 protected:
  void run(void (*body)(Communicator&)) {
    run_local_ranks(GetParam(), {.deadline_seconds = 60}, body);
  }
};

TEST_P(LocalComm, ReductionsHaveEqualBitsOnAllRanks) {
  run(contract::reductions_have_equal_bits_on_all_ranks);
}
TEST_P(LocalComm, GathersAndScattersKeepRankOrder) {
  run(contract::gathers_and_scatters_keep_rank_order);
}
TEST_P(LocalComm, AllToAllMovesRaggedAndEmptyRows) {
  run(contract::all_to_all_moves_ragged_and_empty_rows);
}
TEST_P(LocalComm, MessagesArriveInOrder) {
  run(contract::messages_arrive_in_order);
}
TEST_P(LocalComm, SplitOrdersByKeyAndRunsSideBySide) {
  run(contract::split_orders_by_key_and_runs_side_by_side);
}
INSTANTIATE_TEST_SUITE_P(Ranks, LocalComm, ::testing::Values(1, 2, 3, 8, 16));

std::string message_of(int ranks, double deadline, const std::function<void(Communicator&)>& body) {
  try {
    run_local_ranks(ranks, {.deadline_seconds = deadline, .name = "dp"}, body);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(LocalCommFaults, AFailingRankEndsAllWithItsMessage) {
  std::atomic<int> told = 0;
  const std::string message = message_of(4, 60, [&](Communicator& world) {
    if (world.rank() == 2) throw Error(ErrorKind::kIo, "the disk is full");
    try {
      world.barrier();
    } catch (const Error& error) {
      if (std::string(error.what()).find("rank 2: the disk is full") != std::string::npos) ++told;
      throw;
    }
  });
  EXPECT_EQ(message, "rank 2: the disk is full");
  EXPECT_EQ(told, 3);
}

TEST(LocalCommFaults, APassedDeadlineNamesTheRanksThatDidNotArrive) {
  const std::string message = message_of(3, 0.2, [](Communicator& world) {
    at::Tensor tensor = at::ones({5});
    if (world.rank() != 1) world.all_reduce(tensor, ReduceOp::kSum);
  });
  EXPECT_NE(
      message.find(
          "dp: all_reduce, 5 elements of Float, sum (number 1) waited 0.2 s; not arrived: rank 1"),
      std::string::npos)
      << message;
}

TEST(LocalCommFaults, RanksInDifferentCallsAreNamed) {
  const std::string message = message_of(2, 60, [](Communicator& world) {
    at::Tensor tensor = at::ones({world.rank() + 1});
    world.all_reduce(tensor, ReduceOp::kSum);
  });
  EXPECT_NE(message.find("1 elements of Float"), std::string::npos) << message;
  EXPECT_NE(message.find("2 elements of Float"), std::string::npos) << message;
}

}  // namespace
}  // namespace lapidary::comm
