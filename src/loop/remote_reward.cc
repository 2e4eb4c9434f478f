#include "loop/remote_reward.h"

#include <chrono>

#include "base/check.h"
#include "base/text.h"

namespace lapidary::loop {
namespace {

constexpr size_t kShownBytes = 200;

// The reward of a reply, or why there is none.
RewardOutcome read_reply(const HttpReply& reply) {
  Json value;
  try {
    value = parse_json(reply.body, "the reply");
  } catch (const Error& error) {
    return {nullptr, error.what()};
  }
  if (!value.is_number() && !value.is_boolean() && !value.is_object()) {
    return {nullptr, cat("the reply must be a number or an object, found ", json_type(value))};
  }
  return {std::move(value), ""};
}

bool is_worth_another(int status) {
  constexpr int kTooManyRequests = 429;
  constexpr int kFirstServerError = 500;
  return status == kTooManyRequests || status >= kFirstServerError;
}

}  // namespace

RemoteReward::RemoteReward(RemoteRewardOptions options)
    : options_(std::move(options)), url_(parse_http_url(options_.url)) {
  if (options_.concurrency < 1 || options_.attempts < 1 || options_.http.timeout_ms < 1) {
    fail(ErrorKind::kInvalidArgument, "asking ", options_.url, ": concurrency is ",
         options_.concurrency, ", attempts ", options_.attempts, ", the timeout ",
         options_.http.timeout_ms, " ms; each must be at least 1");
  }
}

RemoteReward::~RemoteReward() {
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  for (Request& request : queue_)
    request.done({nullptr, "the run ended before the server was asked"});
}

void RemoteReward::score(const RewardCase& scored, Done done) {
  Request request{dump_json(Json{{"prompt", scored.prompt.content},
                                 {"response", scored.response},
                                 {"label", scored.prompt.label}}),
                  std::move(done)};
  const std::lock_guard lock(mutex_);
  queue_.push_back(std::move(request));
  if (idle_ < queue_.size() && threads_.size() < static_cast<size_t>(options_.concurrency)) {
    threads_.emplace_back([this] { serve(); });
  }
  wake_.notify_one();
}

void RemoteReward::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    wake_.wait(lock, [this] { return is_closing_ || !queue_.empty(); });
    --idle_;
    if (is_closing_) return;
    Request request = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    request.done(ask(request.body));
    lock.lock();
  }
}

bool RemoteReward::pause(int64_t milliseconds) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, std::chrono::milliseconds(milliseconds),
                         [this] { return is_closing_; });
}

RewardOutcome RemoteReward::ask(const std::string& body) {
  std::string problem;
  int64_t wait = options_.first_pause_ms;
  for (int attempt = 1; attempt <= options_.attempts; ++attempt) {
    if (attempt > 1 && !pause(wait)) break;
    if (attempt > 1) wait *= 2;
    try {
      const HttpReply reply = http_post(url_, body, options_.http);
      if (reply.status == 200) {
        RewardOutcome outcome = read_reply(reply);
        if (!outcome.error.empty()) outcome.error = cat(options_.url, ": ", outcome.error);
        return outcome;
      }
      problem = cat(options_.url, ": status ", reply.status, " ",
                    quoted(reply.body.substr(0, kShownBytes)));
      if (!is_worth_another(reply.status)) return {nullptr, problem};
    } catch (const Error& error) {
      problem = error.what();
    }
  }
  return {nullptr, cat(problem, " (asked ", options_.attempts, " times)")};
}

}  // namespace lapidary::loop
