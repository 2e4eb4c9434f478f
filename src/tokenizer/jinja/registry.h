// The filters, tests and global functions by name.
#pragma once

#include <string_view>

#include "tokenizer/jinja/object.h"

namespace lapidary::tokenizer::jinja {

// arguments.positional[0] is what the filter or test is applied to.
using FilterFunction = Value (*)(Runtime& run, Arguments& arguments);
using TestFunction = bool (*)(Runtime& run, Arguments& arguments);

// Null for an unknown name.
FilterFunction find_filter(std::string_view name);
TestFunction find_test(std::string_view name);
// Missing for an unknown name.
Value find_global(Runtime& run, std::string_view name);

}  // namespace lapidary::tokenizer::jinja
