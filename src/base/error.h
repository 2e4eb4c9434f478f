// The one exception type. What the user did, gave or found broken is an Error with a kind; a broken
// invariant of ours is an Error{kInternal} from LAPIDARY_CHECK (check.h). Expected outcomes (a full
// cache, a truncated answer) are values, not errors.
//
// A message says what was being done, what was found, what is allowed, and what to do next where
// there is something to do.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace lapidary {

enum class ErrorKind {
  kInvalidArgument,  // a flag, a config value or a request that cannot be meant
  kNotFound,         // a file, tensor or name that is not there
  kUnsupported,      // well-formed, but outside what this program does
  kCorrupt,          // a file whose contents contradict themselves or its format
  kIo,               // reading or writing failed
  kExhausted,        // memory, disk or another resource ran out
  kTimeout,
  kComm,      // another rank failed or did not arrive
  kInternal,  // a bug of ours
};

std::string_view to_string(ErrorKind kind);

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

  // The same error with "context: " in front of its message.
  Error with_context(std::string_view context) const;

 private:
  ErrorKind kind_;
};

// Process exit status for an error that reached the top: 2 for what the user can mend in the call
// or configuration (kInvalidArgument, kNotFound, kUnsupported), else 1.
int exit_status(ErrorKind kind);

}  // namespace lapidary
