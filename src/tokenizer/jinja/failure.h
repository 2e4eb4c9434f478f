// How the interpreter's parts report an error: without the line, which the renderer adds.
#pragma once

#include <string>

#include "base/text.h"
#include "tokenizer/jinja/render_error.h"

namespace lapidary::tokenizer::jinja {

struct Failure {
  RenderFailure kind;
  std::string reason;
};

template <typename... Parts>
[[noreturn]] void fail_type(const Parts&... parts) {
  throw Failure{RenderFailure::kType, cat(parts...)};
}

}  // namespace lapidary::tokenizer::jinja
