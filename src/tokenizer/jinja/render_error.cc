#include "tokenizer/jinja/render_error.h"

#include "base/text.h"

namespace lapidary::tokenizer {

std::string_view to_string(RenderFailure failure) {
  switch (failure) {
    case RenderFailure::kRaise:
      return "raise";
    case RenderFailure::kUndefined:
      return "undefined";
    case RenderFailure::kType:
      return "type";
    case RenderFailure::kSecurity:
      return "security";
    case RenderFailure::kSyntax:
      return "syntax";
  }
  return "unknown";
}

RenderError::RenderError(RenderFailure failure, const std::string& reason, const std::string& what,
                         int line)
    : Error(ErrorKind::kInvalidArgument, cat(what, " line ", line, ": ", reason)),
      failure_(failure),
      reason_(reason),
      line_(line) {}

}  // namespace lapidary::tokenizer
