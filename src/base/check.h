// LAPIDARY_CHECK for invariants of ours (always on); fail() for what comes from outside.
#pragma once

#include <string>

#include "base/error.h"
#include "base/text.h"

namespace lapidary {

// Throws Error{kInternal} "file:line: check failed: condition: message".
[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               const std::string& message);

// Throws Error{kind} whose message is the parts, one after another.
template <typename... Parts>
[[noreturn]] void fail(ErrorKind kind, const Parts&... parts) {
  throw Error(kind, cat(parts...));
}

}  // namespace lapidary

// LAPIDARY_CHECK(count == rows, "expected ", rows, " rows, found ", count)
#define LAPIDARY_CHECK(condition, ...)                                                        \
  do {                                                                                        \
    if (!(condition)) [[unlikely]]                                                            \
      ::lapidary::check_failed(__FILE__, __LINE__, #condition, ::lapidary::cat(__VA_ARGS__)); \
  } while (false)
