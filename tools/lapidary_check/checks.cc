#include "lapidary_check/checks.h"

namespace lapidary::check {
namespace {

constexpr Kind kKinds[] = {{"parse-tools", parse_tools}};

}  // namespace

std::span<const Kind> kinds() {
  return kKinds;
}

}  // namespace lapidary::check
