// --rm-type remote_rm with --rm-url: a server of the user's that scores answers.
//
// The server gets, as slime sends it, {"prompt", "response", "label"} by POST and answers with
// JSON: a number, or an object of which --reward-key picks the score.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "loop/http_post.h"
#include "loop/reward_function.h"

namespace lapidary::loop {

struct RemoteRewardOptions {
  std::string url;
  int concurrency = 32;
  int attempts = 4;              // of one answer; 4xx replies (429 aside) are not tried again
  int64_t first_pause_ms = 500;  // doubled for each further attempt
  HttpOptions http;
};

class RemoteReward final : public RewardFunction {
 public:
  // Throws as parse_http_url does; no connection is made yet.
  explicit RemoteReward(RemoteRewardOptions options);
  // Answers that wait get an error.
  ~RemoteReward() override;

  void score(const RewardCase& scored, Done done) override;

 private:
  struct Request {
    std::string body;
    Done done;
  };
  void serve();
  RewardOutcome ask(const std::string& body);
  // false: the object is being destroyed
  bool pause(int64_t milliseconds);

  RemoteRewardOptions options_;
  HttpUrl url_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Request> queue_;
  size_t idle_ = 0;
  bool is_closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace lapidary::loop
