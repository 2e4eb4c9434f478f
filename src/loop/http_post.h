// A request to a server of the user's own network: HTTP/1.1 POST without encryption, one connection
// a request.
//
// Example: http_post(parse_http_url("http://127.0.0.1:8000/score"), "{}", {}) -> {200, "1.0"}.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lapidary::loop {

struct HttpUrl {
  std::string host;  // a name, an IPv4 address, or an IPv6 address without brackets
  std::string port = "80";
  std::string path = "/";  // with the query
};

// Throws Error{kUnsupported} for https, Error{kInvalidArgument} for what is no http URL.
HttpUrl parse_http_url(const std::string& url);

struct HttpOptions {
  int64_t timeout_ms = 60'000;  // from connecting to the last byte
  size_t reply_bytes = size_t{16} << 20;
};

struct HttpReply {
  int status = 0;
  std::string body;
};

// The body is sent as application/json. Throws Error: kIo where the server cannot be reached or
// goes away, kTimeout, kCorrupt for a reply that is no HTTP or is too long. Blocks; looking up a
// name is outside of the timeout.
HttpReply http_post(const HttpUrl& url, std::string_view body, const HttpOptions& options);

// The status and body of a whole reply, chunks joined. Throws Error{kCorrupt}.
HttpReply parse_http_reply(std::string_view reply);

}  // namespace lapidary::loop
