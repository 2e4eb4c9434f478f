// One group of ranks and what they do together. Every call below is collective over the group
// unless it says otherwise: all ranks make the same calls in the same order. An engine checks that
// and names the difference (operation, sizes, ranks) where it can.
//
// Tensors are contiguous, of one dtype on all ranks, and on the engine's device. Reductions run in
// rank order 0, 1, 2, .. in the tensor's dtype (bf16 and fp16 in fp32, rounded once), so that a
// result has the same bits on every rank, in every run and on every CPU engine.
//
// Every wait has the deadline of the group. When it passes, Error{kTimeout} names the group, the
// operation, its sequence number and size and the ranks that did not arrive. When a rank calls
// abort(), every present and later call of its peers throws Error{kComm} with its message.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "base/dim.h"

namespace lapidary::comm {

enum class ReduceOp { kSum, kMax, kMin };

// A started operation. The tensors given to it may not be touched before wait() has returned.
// wait() may be called once.
class Work {
 public:
  virtual ~Work() = default;
  virtual void wait() = 0;
};

class Communicator {
 public:
  virtual ~Communicator() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual const std::string& name() const = 0;  // of the axis, for messages: "tp", "dp"

  // In place.
  virtual void all_reduce(at::Tensor& tensor, ReduceOp op) = 0;
  virtual std::unique_ptr<Work> all_reduce_async(at::Tensor& tensor, ReduceOp op) = 0;

  // input has size() * output.numel() elements; rank r gets the reduced r-th part.
  virtual void reduce_scatter(at::Tensor& output, const at::Tensor& input, ReduceOp op) = 0;
  virtual std::unique_ptr<Work> reduce_scatter_async(at::Tensor& output, const at::Tensor& input,
                                                     ReduceOp op) = 0;

  // output has size() * input.numel() elements, in rank order.
  virtual void all_gather(at::Tensor& output, const at::Tensor& input) = 0;
  virtual std::unique_ptr<Work> all_gather_async(at::Tensor& output, const at::Tensor& input) = 0;

  // Rows (dim 0) in rank order: the first input_rows[0] rows of input go to rank 0, and so on;
  // output_rows[r] rows come from rank r. output_rows[r] here must be input_rows[rank()] there.
  // Zero is an ordinary number of rows.
  virtual void all_to_all(at::Tensor& output, const at::Tensor& input,
                          const std::vector<Dim>& output_rows,
                          const std::vector<Dim>& input_rows) = 0;

  virtual void broadcast(at::Tensor& tensor, int root) = 0;
  virtual void barrier() = 0;

  // Not collective: between two ranks, matched in order. send() may return before the peer has
  // received.
  virtual void send(const at::Tensor& tensor, int peer) = 0;
  virtual void recv(at::Tensor& tensor, int peer) = 0;

  // A group of the ranks that gave the same color, ordered by key, then by rank.
  virtual std::unique_ptr<Communicator> split(int color, int key, const std::string& name) = 0;

  // Not collective: ends this group and every group split from the same world, on all ranks.
  // Returns at once.
  virtual void abort(const std::string& message) = 0;
};

}  // namespace lapidary::comm
