// text % values, as Python's printf-style formatting.
#pragma once

#include "tokenizer/jinja/value.h"

namespace lapidary::tokenizer::jinja {

Value percent_format(Runtime& run, const Value& format, const Value& values);

}  // namespace lapidary::tokenizer::jinja
