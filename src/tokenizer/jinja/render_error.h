// What goes wrong with a template: in its text (kSyntax), or while it renders.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace lapidary::tokenizer {

enum class RenderFailure {
  kRaise,      // the template called raise_exception
  kUndefined,  // something was done with a missing value
  kType,       // any other error that Jinja or Python would raise, and a limit that was reached
  kSecurity,   // the sandbox forbids it
  kSyntax,     // the template text itself
};

// "raise", "undefined", "type", "security", "syntax"
std::string_view to_string(RenderFailure failure);

// what() names the template, the line and the reason; reason() is the bare reason, for kRaise the
// template's own words.
class RenderError : public Error {
 public:
  RenderError(RenderFailure failure, const std::string& reason, const std::string& what, int line);

  RenderFailure failure() const { return failure_; }
  const std::string& reason() const { return reason_; }
  int line() const { return line_; }

 private:
  RenderFailure failure_;
  std::string reason_;
  int line_;
};

}  // namespace lapidary::tokenizer
