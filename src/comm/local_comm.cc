// Each operation is a meeting: every rank posts what it brings (pointers into its tensors), waits
// until all have come, takes what it needs from the others' memory, and waits again until all have
// taken it. No data is copied into a middle store except for send and recv.
#include "comm/local_comm.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "comm/reduce.h"

namespace lapidary::comm {
namespace {

using Clock = std::chrono::steady_clock;

// Shared by all groups of one run: one lock, one bell, and who failed first.
struct World {
  std::mutex mutex;
  std::condition_variable changed;
  std::string failure;  // empty: none
};

struct Post {
  std::string what;  // "all_reduce sum, 12 elements of Float": must be equal on all ranks
  const void* input = nullptr;
  void* output = nullptr;
  std::vector<Dim> rows;
};

class Meeting {
 public:
  Meeting(std::shared_ptr<World> world, int size, std::string name, double deadline_seconds)
      : posts(static_cast<size_t>(size)),
        world_(std::move(world)),
        size_(size),
        name_(std::move(name)),
        deadline_(deadline_seconds),
        arrived_(static_cast<size_t>(size), 0) {}

  // Blocks until every rank has called it `arrived` times as often as this one.
  void meet(int rank, const std::string& what) {
    std::unique_lock lock(world_->mutex);
    const int64_t mine = ++arrived_[static_cast<size_t>(rank)];
    world_->changed.notify_all();
    const auto all_here = [&] {
      return std::all_of(arrived_.begin(), arrived_.end(), [&](int64_t n) { return n >= mine; });
    };
    wait(lock, all_here, what, mine);
  }

  template <typename Predicate>
  void wait(std::unique_lock<std::mutex>& lock, const Predicate& done, const std::string& what,
            int64_t sequence) {
    const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(deadline_);
    while (!done()) {
      if (!world_->failure.empty())
        fail(ErrorKind::kComm, name_, ": ", what, " stopped: ", world_->failure);
      if (world_->changed.wait_until(lock, until) == std::cv_status::timeout && !done()) {
        fail(ErrorKind::kTimeout, name_, ": ", what, " (number ", sequence, ") waited ",
             deadline_.count(), " s; not arrived: ", absent(sequence));
      }
    }
  }

  std::mutex& mutex() { return world_->mutex; }
  const std::shared_ptr<World>& world() const { return world_; }
  int size() const { return size_; }
  const std::string& name() const { return name_; }
  double deadline_seconds() const { return deadline_.count(); }

  std::vector<Post> posts;  // one a rank, valid between two meetings
  std::map<std::pair<int, int>, std::deque<at::Tensor>> mail;  // (from, to); guarded by mutex()
  std::map<int, std::shared_ptr<Meeting>> children;            // of the split in progress, by color

 private:
  std::string absent(int64_t sequence) const {
    std::vector<std::string> ranks;
    for (int r = 0; r < size_; ++r) {
      if (arrived_[static_cast<size_t>(r)] < sequence) ranks.push_back("rank " + std::to_string(r));
    }
    return ranks.empty() ? std::string("the peer of this call") : join(ranks);
  }

  std::shared_ptr<World> world_;
  int size_;
  std::string name_;
  std::chrono::duration<double> deadline_;
  std::vector<int64_t> arrived_;
};

// Work that was done when it was started: this engine has no thread of its own to overlap with.
class DoneWork : public Work {
 public:
  void wait() override {}
};

const char* text(ReduceOp op) {
  switch (op) {
    case ReduceOp::kSum:
      return "sum";
    case ReduceOp::kMax:
      return "max";
    case ReduceOp::kMin:
      return "min";
  }
  return "";
}

std::string describe(const char* operation, const at::Tensor& tensor) {
  return cat(operation, ", ", tensor.numel(), " elements of ", c10::toString(tensor.scalar_type()));
}

void check_tensor(const at::Tensor& tensor) {
  LAPIDARY_CHECK(tensor.is_contiguous() && tensor.device().is_cpu(),
                 "local ranks take contiguous CPU tensors");
}

class LocalComm : public Communicator {
 public:
  LocalComm(std::shared_ptr<Meeting> meeting, int rank)
      : meeting_(std::move(meeting)), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return meeting_->size(); }
  const std::string& name() const override { return meeting_->name(); }

  void all_reduce(at::Tensor& tensor, ReduceOp op) override {
    check_tensor(tensor);
    const std::string what = describe("all_reduce", tensor) + ", " + text(op);
    const Dim count = tensor.numel();
    const Dim item = tensor.element_size();
    post({what, tensor.data_ptr(), tensor.data_ptr(), {}});
    // Each rank reduces its part into rank 0's memory, then everyone copies the whole.
    const Dim begin = count * rank_ / size();
    const Dim end = count * (rank_ + 1) / size();
    std::vector<const void*> inputs;
    for (const Post& each : meeting_->posts) inputs.push_back(offset(each.input, begin * item));
    if (end > begin) {
      reduce_in_order(const_cast<void*>(inputs[0]), inputs, end - begin, tensor.scalar_type(), op);
    }
    meeting_->meet(rank_, what);
    if (rank_ != 0 && count > 0) {
      std::memcpy(tensor.data_ptr(), meeting_->posts[0].input, static_cast<size_t>(count * item));
    }
    meeting_->meet(rank_, what);
  }

  void reduce_scatter(at::Tensor& output, const at::Tensor& input, ReduceOp op) override {
    check_tensor(output);
    check_tensor(input);
    LAPIDARY_CHECK(input.numel() == output.numel() * size(), "reduce_scatter of ", input.numel(),
                   " elements over ", size(), " ranks into ", output.numel());
    const std::string what = describe("reduce_scatter", input) + ", " + text(op);
    post({what, input.data_ptr(), output.data_ptr(), {}});
    const Dim bytes = output.numel() * output.element_size();
    std::vector<const void*> inputs;
    for (const Post& each : meeting_->posts) inputs.push_back(offset(each.input, rank_ * bytes));
    // The output may be a part of the input, which peers still read.
    at::Tensor reduced = at::Tensor(output).new_empty(output.sizes());
    if (output.numel() > 0) {
      reduce_in_order(reduced.data_ptr(), inputs, output.numel(), output.scalar_type(), op);
    }
    meeting_->meet(rank_, what);
    output.copy_(reduced);
  }

  void all_gather(at::Tensor& output, const at::Tensor& input) override {
    check_tensor(output);
    check_tensor(input);
    LAPIDARY_CHECK(output.numel() == input.numel() * size(), "all_gather of ", input.numel(),
                   " elements from ", size(), " ranks into ", output.numel());
    const std::string what = describe("all_gather", input);
    post({what, input.data_ptr(), nullptr, {}});
    const auto bytes = static_cast<size_t>(input.numel() * input.element_size());
    for (int r = 0; r < size() && bytes > 0; ++r) {
      void* to = static_cast<char*>(output.data_ptr()) + static_cast<size_t>(r) * bytes;
      const void* from = meeting_->posts[static_cast<size_t>(r)].input;
      if (to != from) std::memcpy(to, from, bytes);
    }
    meeting_->meet(rank_, what);
  }

  void all_to_all(at::Tensor& output, const at::Tensor& input, const std::vector<Dim>& output_rows,
                  const std::vector<Dim>& input_rows) override {
    check_tensor(output);
    check_tensor(input);
    const Dim row = input.dim() > 1 ? input.stride(0) : 1;
    const std::string what =
        cat("all_to_all, rows of ", row, " elements of ", c10::toString(input.scalar_type()));
    post({what, input.data_ptr(), nullptr, input_rows});
    const Dim row_bytes = row * input.element_size();
    auto* to = static_cast<char*>(output.data_ptr());
    for (int r = 0; r < size(); ++r) {
      const Post& peer = meeting_->posts[static_cast<size_t>(r)];
      const Dim rows = peer.rows[static_cast<size_t>(rank_)];
      LAPIDARY_CHECK(rows == output_rows[static_cast<size_t>(r)], name(), ": rank ", r, " sends ",
                     rows, " rows to rank ", rank_, ", which expects ",
                     output_rows[static_cast<size_t>(r)]);
      Dim before = 0;
      for (int i = 0; i < rank_; ++i) before += peer.rows[static_cast<size_t>(i)];
      const auto bytes = static_cast<size_t>(rows * row_bytes);
      if (bytes > 0) std::memcpy(to, offset(peer.input, before * row_bytes), bytes);
      to += bytes;
    }
    meeting_->meet(rank_, what);
  }

  void broadcast(at::Tensor& tensor, int root) override {
    check_tensor(tensor);
    const std::string what = describe("broadcast", tensor) + cat(", root ", root);
    post({what, tensor.data_ptr(), nullptr, {}});
    const auto bytes = static_cast<size_t>(tensor.numel() * tensor.element_size());
    if (rank_ != root && bytes > 0) {
      std::memcpy(tensor.data_ptr(), meeting_->posts[static_cast<size_t>(root)].input, bytes);
    }
    meeting_->meet(rank_, what);
  }

  void barrier() override { meeting_->meet(rank_, "barrier"); }

  void send(const at::Tensor& tensor, int peer) override {
    check_tensor(tensor);
    const std::lock_guard lock(meeting_->mutex());
    meeting_->mail[{rank_, peer}].push_back(tensor.detach().clone());
    meeting_->world()->changed.notify_all();
  }

  void recv(at::Tensor& tensor, int peer) override {
    check_tensor(tensor);
    at::Tensor letter;
    {
      std::unique_lock lock(meeting_->mutex());
      auto& box = meeting_->mail[{peer, rank_}];
      meeting_->wait(
          lock, [&] { return !box.empty(); }, cat("recv from rank ", peer), -1);
      letter = box.front();
      box.pop_front();
    }
    LAPIDARY_CHECK(letter.numel() == tensor.numel() && letter.scalar_type() == tensor.scalar_type(),
                   name(), ": rank ", peer, " sent ", describe("", letter), ", rank ", rank_,
                   " expects ", describe("", tensor));
    tensor.view(-1).copy_(letter.view(-1));
  }

  std::unique_ptr<Communicator> split(int color, int key, const std::string& name) override {
    post({"split", nullptr, nullptr, {color, key}});
    std::vector<std::pair<Dim, int>> members;  // (key, rank)
    for (int r = 0; r < size(); ++r) {
      const Post& peer = meeting_->posts[static_cast<size_t>(r)];
      if (peer.rows[0] == color) members.emplace_back(peer.rows[1], r);
    }
    std::sort(members.begin(), members.end());
    int new_rank = 0;
    while (members[static_cast<size_t>(new_rank)].second != rank_) ++new_rank;
    std::shared_ptr<Meeting> child;
    {
      const std::lock_guard lock(meeting_->mutex());
      auto& slot = meeting_->children[color];
      if (slot == nullptr) {
        slot = std::make_shared<Meeting>(meeting_->world(), static_cast<int>(members.size()), name,
                                         meeting_->deadline_seconds());
      }
      child = slot;
    }
    meeting_->meet(rank_, "split");
    if (rank_ == 0) meeting_->children.clear();
    meeting_->meet(rank_, "split");
    return std::make_unique<LocalComm>(child, new_rank);
  }

  void abort(const std::string& message) override {
    const std::lock_guard lock(meeting_->mutex());
    World& world = *meeting_->world();
    if (world.failure.empty()) world.failure = message;
    world.changed.notify_all();
  }

  std::unique_ptr<Work> all_reduce_async(at::Tensor& tensor, ReduceOp op) override {
    all_reduce(tensor, op);
    return std::make_unique<DoneWork>();
  }
  std::unique_ptr<Work> reduce_scatter_async(at::Tensor& output, const at::Tensor& input,
                                             ReduceOp op) override {
    reduce_scatter(output, input, op);
    return std::make_unique<DoneWork>();
  }
  std::unique_ptr<Work> all_gather_async(at::Tensor& output, const at::Tensor& input) override {
    all_gather(output, input);
    return std::make_unique<DoneWork>();
  }

 private:
  static const void* offset(const void* base, Dim bytes) {
    return static_cast<const char*>(base) + bytes;
  }

  // Puts this rank's post up and waits for all of them; throws when they do not say the same.
  void post(Post mine) {
    const std::string what = mine.what;
    meeting_->posts[static_cast<size_t>(rank_)] = std::move(mine);
    meeting_->meet(rank_, what);
    for (int r = 0; r < size(); ++r) {
      const std::string& theirs = meeting_->posts[static_cast<size_t>(r)].what;
      if (theirs != what) {
        fail(ErrorKind::kComm, name(), ": rank ", rank_, " is in ", what, " while rank ", r,
             " is in ", theirs, "; all ranks of a group must make the same calls");
      }
    }
  }

  std::shared_ptr<Meeting> meeting_;
  int rank_;
};

}  // namespace

void run_local_ranks(int size, const LocalOptions& options,
                     const std::function<void(Communicator&)>& body) {
  LAPIDARY_CHECK(size > 0, "a run of ", size, " ranks");
  const auto meeting = std::make_shared<Meeting>(std::make_shared<World>(), size, options.name,
                                                 options.deadline_seconds);
  std::mutex mutex;
  std::exception_ptr first;
  const auto record = [&](Communicator& comm, const std::string& message,
                          std::exception_ptr error) {
    const std::lock_guard lock(mutex);
    if (first == nullptr) first = std::move(error);
    comm.abort(message);
  };
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      at::set_num_threads(1);
      LocalComm comm(meeting, rank);
      const std::string who = cat("rank ", rank);
      try {
        body(comm);
      } catch (const Error& error) {
        const Error named = error.with_context(who);
        record(comm, named.what(), std::make_exception_ptr(named));
      } catch (const std::exception& error) {
        const Error named = Error(ErrorKind::kInternal, error.what()).with_context(who);
        record(comm, named.what(), std::make_exception_ptr(named));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (first != nullptr) std::rethrow_exception(first);
}

}  // namespace lapidary::comm
