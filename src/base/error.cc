#include "base/error.h"

namespace lapidary {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
      return "invalid argument";
    case ErrorKind::kNotFound:
      return "not found";
    case ErrorKind::kUnsupported:
      return "unsupported";
    case ErrorKind::kCorrupt:
      return "corrupt";
    case ErrorKind::kIo:
      return "input/output";
    case ErrorKind::kExhausted:
      return "exhausted";
    case ErrorKind::kTimeout:
      return "timeout";
    case ErrorKind::kComm:
      return "communication";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "unknown";
}

Error Error::with_context(std::string_view context) const {
  return Error(kind_, std::string(context) + ": " + what());
}

int exit_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
    case ErrorKind::kNotFound:
    case ErrorKind::kUnsupported:
      return 2;
    default:
      return 1;
  }
}

}  // namespace lapidary
