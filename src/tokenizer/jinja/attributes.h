// x.name, x[key] and x[start:stop:step], under the sandbox's rules.
#pragma once

#include <string_view>

#include "tokenizer/jinja/value.h"

namespace lapidary::tokenizer::jinja {

// x.name: an attribute, else an item of that name, else undefined.
Value get_attribute(Runtime& run, const Value& object, std::string_view name);
// x[key]: an item, else an attribute of that name, else undefined.
Value get_item(Runtime& run, const Value& object, const Value& key);
// The filter `attr`: an attribute or undefined.
Value get_attribute_only(Runtime& run, const Value& object, std::string_view name);
// Bounds are integers or none (missing: none). Throws for what cannot be sliced.
Value get_slice(Runtime& run, const Value& object, const Value& start, const Value& stop,
                const Value& step);
// Python's own x[key]: throws where there is no such item.
Value subscript(Runtime& run, const Value& object, const Value& key);

}  // namespace lapidary::tokenizer::jinja
