// What every engine of Communicator must do. An engine's test calls these with its own way of
// starting ranks.
#pragma once

#include "comm/communicator.h"

namespace lapidary::comm::contract {

// Each runs on one rank and uses gtest expectations; collective over `world`.
void reductions_have_equal_bits_on_all_ranks(Communicator& world);
void gathers_and_scatters_keep_rank_order(Communicator& world);
void all_to_all_moves_ragged_and_empty_rows(Communicator& world);
void messages_arrive_in_order(Communicator& world);
void split_orders_by_key_and_runs_side_by_side(Communicator& world);

}  // namespace lapidary::comm::contract
