// Messages from threads of others (tool calls, rewards) to the one thread that runs the rollout.
//
//   auto mail = std::make_shared<Mailbox<ToolOutput>>();
//   tools.submit(call, [mail](ToolOutput output) { mail->post(std::move(output)); });
//   mail->wait(0.05);
//   for (ToolOutput& output : mail->take()) ...
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace lapidary::loop {

// Thread-safe. Shared by its senders, so that a late message finds it.
template <typename Message>
class Mailbox {
 public:
  void post(Message message) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      messages_.push_back(std::move(message));
    }
    arrived_.notify_one();
  }

  // All there are, in the order in which they came; none is no wait.
  std::vector<Message> take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(messages_, {});
  }

  // Until there is a message, or that many seconds have passed.
  void wait(double seconds) {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait_for(lock, std::chrono::duration<double>(seconds),
                      [this] { return !messages_.empty(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Message> messages_;
};

}  // namespace lapidary::loop
