// str.format: "{} {0} {name.attribute[key]!r:>10}". Attributes and items are looked up as templates
// do, sandbox included.
#pragma once

#include <string>

#include "tokenizer/jinja/object.h"

namespace lapidary::tokenizer::jinja {

// `named`: the values for names, from keyword arguments or one mapping.
std::string brace_format(Runtime& run, const Text& format, const std::vector<Value>& positional,
                         const Dict& named);

}  // namespace lapidary::tokenizer::jinja
