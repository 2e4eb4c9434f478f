// A server of one reply after the other, for tests of clients.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace lapidary::test {

inline std::string http_reply(int status, const std::string& body) {
  return cat("HTTP/1.1 ", status, " Reason\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

// Answers connection k with replies[k] (the last one from then on), as raw bytes; "" answers
// nothing and leaves the connection open.
class HttpServer {
 public:
  explicit HttpServer(std::vector<std::string> replies) : replies_(std::move(replies)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* general = reinterpret_cast<sockaddr*>(&address);
    LAPIDARY_CHECK(::bind(listener_, general, size) == 0 && ::listen(listener_, 64) == 0 &&
                       ::getsockname(listener_, general, &size) == 0,
                   "a listening socket");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~HttpServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    for (const int socket : open_) ::close(socket);
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url(const std::string& path = "/score") const {
    return cat("http://127.0.0.1:", port_, path);
  }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    while (true) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      const std::string request = read_request(socket);
      std::string reply;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        reply = replies_[std::min(requests_.size(), replies_.size()) - 1];
      }
      if (reply.empty()) {
        open_.push_back(socket);
        continue;
      }
      [[maybe_unused]] const ssize_t sent =
          ::send(socket, reply.data(), reply.size(), MSG_NOSIGNAL);
      ::close(socket);
    }
  }

  static std::string read_request(int socket) {
    std::string request;
    char buffer[4096];
    while (true) {
      const size_t head = request.find("\r\n\r\n");
      if (head != std::string::npos) {
        const size_t at = request.find("Content-Length: ") + 16;
        if (request.size() >= head + 4 + std::stoul(request.substr(at))) return request;
      }
      const ssize_t got = ::recv(socket, buffer, sizeof buffer, 0);
      if (got <= 0) return request;
      request.append(buffer, static_cast<size_t>(got));
    }
  }

  std::vector<std::string> replies_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<int> open_;
  std::thread thread_;
};

}  // namespace lapidary::test
