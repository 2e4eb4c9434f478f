#include "loop/remote_reward.h"

#include <gtest/gtest.h>

#include <future>

#include "base/error.h"
#include "loop/http_server.h"

namespace lapidary::loop {
namespace {

using test::http_reply;
using test::HttpServer;

RemoteRewardOptions quick(const std::string& url) {
  RemoteRewardOptions options;
  options.url = url;
  options.attempts = 3;
  options.first_pause_ms = 1;
  options.http.timeout_ms = 300;
  return options;
}

RewardOutcome score(RewardFunction& reward, const std::string& response = "Answer: 5") {
  rl::Prompt prompt;
  prompt.content = "2+3?";
  prompt.label = "5";
  const rl::Trajectory trajectory;
  std::promise<RewardOutcome> promise;
  reward.score({prompt, trajectory, response},
               [&promise](RewardOutcome outcome) { promise.set_value(std::move(outcome)); });
  return promise.get_future().get();
}

TEST(HttpUrl, IsReadInParts) {
  const HttpUrl plain = parse_http_url("http://example.org");
  EXPECT_EQ(cat(plain.host, " ", plain.port, " ", plain.path), "example.org 80 /");
  const HttpUrl full = parse_http_url("http://10.0.0.1:8000/a/b?c=d#e");
  EXPECT_EQ(cat(full.host, " ", full.port, " ", full.path), "10.0.0.1 8000 /a/b?c=d");
  const HttpUrl six = parse_http_url("http://[::1]:81/x");
  EXPECT_EQ(cat(six.host, " ", six.port, " ", six.path), "::1 81 /x");
  for (const char* wrong : {"", "example.org", "http://", "http://a:b", "http://a:", "http://a b/",
                            "http://u@h/", "http://a:123456/", "http://a/\r\nX: y"}) {
    EXPECT_THROW(parse_http_url(wrong), Error) << wrong;
  }
  try {
    parse_http_url("https://a");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  }
}

TEST(HttpReply, IsReadWithLengthChunksOrNeither) {
  EXPECT_EQ(parse_http_reply("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabc").body, "ab");
  EXPECT_EQ(parse_http_reply("HTTP/1.0 404 No\r\n\r\nabc").status, 404);
  EXPECT_EQ(parse_http_reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n")
                .body,
            "abcde");
  for (const char* wrong : {"", "HTTP/1.1 200 OK\r\n", "SSH-2.0\r\n\r\n", "HTTP/1.1 x\r\n\r\n",
                            "HTTP/1.\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
                            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nab"}) {
    EXPECT_THROW(parse_http_reply(wrong), Error) << wrong;
  }
}

TEST(RemoteReward, SendsWhatTheReferenceSendsAndTakesTheReward) {
  HttpServer server({http_reply(200, "1.5"), http_reply(200, R"({"score": 1, "why": "x"})")});
  RemoteReward reward(quick(server.url("/score?x=1")));
  const RewardOutcome first = score(reward, "Answer: \u00e9 5");
  EXPECT_EQ(first.error, "");
  EXPECT_EQ(first.reward, 1.5);
  EXPECT_EQ(score(reward).reward["score"], 1);
  const std::string request = server.requests().at(0);
  EXPECT_TRUE(request.starts_with("POST /score?x=1 HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("Content-Type: application/json\r\n"), std::string::npos);
  EXPECT_EQ(parse_json(request.substr(request.find("\r\n\r\n") + 4), "body"),
            (Json{{"prompt", "2+3?"}, {"response", "Answer: \u00e9 5"}, {"label", "5"}}));
}

TEST(RemoteReward, AsksAgainWhereTheServerFailedOrWasSilent) {
  HttpServer server({http_reply(503, "busy"), "", http_reply(200, "0")});
  RemoteReward reward(quick(server.url()));
  const RewardOutcome outcome = score(reward);
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.reward, 0);
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(RemoteReward, GivesUpWithAReason) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {http_reply(500, "broken"), "status 500"},
      {http_reply(422, "no such field"), "no such field"},
      {http_reply(200, "not JSON"), "not valid JSON"},
      {http_reply(200, "[1]"), "must be a number or an object, found array"},
      {"hello\r\n\r\n", "no whole HTTP/1.1 reply"},
      {"", "no answer in time"}};
  for (const auto& [reply, reason] : wrong) {
    HttpServer server({reply});
    RemoteReward reward(quick(server.url()));
    const RewardOutcome outcome = score(reward);
    EXPECT_NE(outcome.error.find(reason), std::string::npos) << outcome.error;
    EXPECT_NE(outcome.error.find("http://127.0.0.1:"), std::string::npos) << outcome.error;
    const bool is_final = reason == "no such field" || reply.starts_with("HTTP/1.1 200");
    EXPECT_EQ(server.requests().size(), is_final ? 1U : 3U) << reason;
  }
  RemoteReward nobody(quick("http://127.0.0.1:1/"));
  EXPECT_NE(score(nobody).error.find("cannot connect"), std::string::npos);
}

TEST(RemoteReward, ScoresManyAtOnce) {
  HttpServer server({http_reply(200, "1")});
  RemoteRewardOptions options = quick(server.url());
  options.concurrency = 4;
  options.http.timeout_ms = 20'000;
  RemoteReward reward(options);
  rl::Prompt prompt;
  prompt.content = "x";
  const rl::Trajectory trajectory;
  std::vector<std::promise<RewardOutcome>> promises(50);
  for (auto& promise : promises) {
    reward.score({prompt, trajectory, "y"},
                 [&promise](RewardOutcome outcome) { promise.set_value(std::move(outcome)); });
  }
  for (auto& promise : promises) EXPECT_EQ(promise.get_future().get().reward, 1);
}

TEST(RemoteReward, AnswersThatWaitAreToldWhenItEnds) {
  HttpServer server({""});
  std::promise<RewardOutcome> first;
  std::promise<RewardOutcome> second;
  {
    RemoteRewardOptions options = quick(server.url());
    options.concurrency = 1;
    RemoteReward reward(options);
    rl::Prompt prompt;
    const rl::Trajectory trajectory;
    for (auto* promise : {&first, &second}) {
      reward.score({prompt, trajectory, "y"},
                   [promise](RewardOutcome outcome) { promise->set_value(std::move(outcome)); });
    }
  }
  EXPECT_NE(first.get_future().get().error, "");
  EXPECT_NE(second.get_future().get().error, "");
}

}  // namespace
}  // namespace lapidary::loop
