#include "loop/http_post.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>

#include "base/check.h"
#include "base/file.h"
#include "base/text.h"

namespace lapidary::loop {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::string_view kLineEnd = "\r\n";

std::string shown(const HttpUrl& url) {
  return cat("http://", url.host, ":", url.port, url.path);
}

// A socket and the moment until which it is waited for.
class Connection {
 public:
  Connection(const HttpUrl& url, const HttpOptions& options)
      : what_(shown(url)), deadline_(Clock::now() + std::chrono::milliseconds(options.timeout_ms)) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int status = ::getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found);
    if (status != 0) {
      fail(ErrorKind::kIo, what_, ": the host cannot be found: ", ::gai_strerror(status));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, ::freeaddrinfo);
    std::string problem;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
      if (connect(*each, problem)) return;
    }
    fail(ErrorKind::kIo, what_, ": cannot connect: ", problem);
  }
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send_all(std::string_view bytes) {
    while (!bytes.empty()) {
      wait(POLLOUT);
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        fail(ErrorKind::kIo, what_, ": sending: ", last_os_error());
      }
      bytes.remove_prefix(static_cast<size_t>(std::max<ssize_t>(sent, 0)));
    }
  }

  // Until the server closes the connection.
  std::string receive_all(size_t most) {
    std::string out;
    char buffer[16384];
    while (true) {
      wait(POLLIN);
      const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
      if (got == 0) return out;
      if (got < 0) {
        if (errno == EAGAIN || errno == EINTR) continue;
        fail(ErrorKind::kIo, what_, ": receiving: ", last_os_error());
      }
      out.append(buffer, static_cast<size_t>(got));
      if (out.size() > most) {
        fail(ErrorKind::kCorrupt, what_, ": the reply has more than ", most, " bytes");
      }
    }
  }

 private:
  bool connect(const addrinfo& address, std::string& problem) {
    socket_ = ::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                       address.ai_protocol);
    if (socket_ >= 0) {
      if (::connect(socket_, address.ai_addr, address.ai_addrlen) == 0) return true;
      if (errno == EINPROGRESS) {
        wait(POLLOUT);
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error == 0) return true;
        errno = error;
      }
    }
    problem = last_os_error();
    close();
    return false;
  }

  void wait(short event) {
    while (true) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
      pollfd watched{socket_, event, 0};
      const int ready = left > 0 ? ::poll(&watched, 1, static_cast<int>(left)) : 0;
      if (ready > 0) return;
      if (ready == 0) fail(ErrorKind::kTimeout, what_, ": no answer in time");
      if (errno != EINTR) fail(ErrorKind::kIo, what_, ": waiting: ", last_os_error());
    }
  }

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  std::string what_;
  Clock::time_point deadline_;
  int socket_ = -1;
};

[[noreturn]] void bad_reply(const char* why) {
  fail(ErrorKind::kCorrupt, "the reply is no whole HTTP/1.1 reply: ", why);
}

size_t parse_number(std::string_view text, int base, const char* what) {
  size_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (parsed.ec != std::errc() || parsed.ptr == text.data()) bad_reply(what);
  return value;
}

std::string join_chunks(std::string_view body) {
  std::string out;
  while (true) {
    const size_t line = body.find(kLineEnd);
    if (line == std::string_view::npos) bad_reply("a chunk without a length");
    const size_t size = parse_number(body.substr(0, line), 16, "the length of a chunk");
    body.remove_prefix(line + kLineEnd.size());
    if (size == 0) return out;
    if (size > body.size()) bad_reply("a chunk ends early");
    out += body.substr(0, size);
    body.remove_prefix(std::min(size + kLineEnd.size(), body.size()));
  }
}

// The value of a header, without its name's case and the spaces around it; nothing where it is not.
std::string header(std::string_view head, std::string_view name) {
  size_t at = head.find(kLineEnd);
  while (at != std::string_view::npos) {
    at += kLineEnd.size();
    const size_t end = std::min(head.find(kLineEnd, at), head.size());
    const std::string_view line = head.substr(at, end - at);
    const bool is_it = line.size() > name.size() && line[name.size()] == ':' &&
                       std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
                         return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
                       });
    if (is_it) {
      const size_t begin = line.find_first_not_of(" \t", name.size() + 1);
      return begin == std::string_view::npos ? "" : std::string(line.substr(begin));
    }
    at = head.find(kLineEnd, at);
  }
  return "";
}

}  // namespace

HttpUrl parse_http_url(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  if (url.starts_with("https://")) {
    fail(ErrorKind::kUnsupported, quoted(url),
         ": https is not spoken; put a proxy in front that takes http");
  }
  std::string_view rest = url;
  const auto malformed = [&]() {
    fail(ErrorKind::kInvalidArgument, quoted(url),
         " is no URL; allowed is http://HOST[:PORT][/PATH]");
  };
  if (!rest.starts_with(kScheme)) malformed();
  rest.remove_prefix(kScheme.size());
  HttpUrl out;
  const size_t path = rest.find_first_of("/?#");
  const std::string_view place = rest.substr(0, path);
  if (path != std::string_view::npos) {
    out.path = (rest[path] == '/' ? "" : "/") + std::string(rest.substr(path));
    out.path = out.path.substr(0, out.path.find('#'));
  }
  const size_t host_end = place.starts_with('[') ? place.find(']') : place.find(':');
  out.host = place.starts_with('[') && host_end != std::string_view::npos
                 ? place.substr(1, host_end - 1)
                 : place.substr(0, host_end);
  const size_t colon = place.find(':', place.starts_with('[') ? place.find(']') : 0);
  if (colon != std::string_view::npos) out.port = place.substr(colon + 1);
  const bool has_port =
      !out.port.empty() && out.port.size() <= 5 &&
      std::all_of(out.port.begin(), out.port.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool has_control = std::any_of(url.begin(), url.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '@' || c == 127;
  });
  if (out.host.empty() || !has_port || has_control) malformed();
  return out;
}

HttpReply parse_http_reply(std::string_view reply) {
  const size_t head_end = reply.find("\r\n\r\n");
  if (head_end == std::string_view::npos || !reply.starts_with("HTTP/1.")) {
    bad_reply("no status line and headers");
  }
  const std::string_view head = reply.substr(0, head_end);
  std::string_view body = reply.substr(head_end + 4);
  HttpReply out;
  out.status = static_cast<int>(
      parse_number(head.substr(std::min<size_t>(9, head.size()), 3), 10, "the status"));
  if (header(head, "transfer-encoding") == "chunked") {
    out.body = join_chunks(body);
    return out;
  }
  const std::string length = header(head, "content-length");
  if (!length.empty()) {
    const size_t size = parse_number(length, 10, "content-length");
    if (size > body.size()) bad_reply("the body ends early");
    body = body.substr(0, size);
  }
  out.body = body;
  return out;
}

HttpReply http_post(const HttpUrl& url, std::string_view body, const HttpOptions& options) {
  Connection connection(url, options);
  const bool is_ipv6 = url.host.find(':') != std::string::npos;
  connection.send_all(cat("POST ", url.path, " HTTP/1.1\r\nHost: ", is_ipv6 ? "[" : "", url.host,
                          is_ipv6 ? "]" : "", ":", url.port,
                          "\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
                          "Connection: close\r\nContent-Length: ",
                          body.size(), "\r\n\r\n"));
  connection.send_all(body);
  try {
    return parse_http_reply(connection.receive_all(options.reply_bytes));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kCorrupt) throw;
    throw error.with_context(shown(url));
  }
}

}  // namespace lapidary::loop
