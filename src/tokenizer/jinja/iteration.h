// Going over the items of a value.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tokenizer/jinja/object.h"

namespace lapidary::tokenizer::jinja {

bool is_iterable(const Value& value);
// Throws "'int' object is not iterable". Holds what it goes over.
std::unique_ptr<Iterator> iterate(Runtime& run, const Value& value);
// All of the items that are left.
std::vector<Value> collect(Runtime& run, const Value& value);

// len(): throws "object of type 'int' has no len()".
int64_t length_of(Runtime& run, const Value& value);
bool has_length(const Value& value);

// An iterator over `items`.
std::unique_ptr<Iterator> iterate_items(std::vector<Value> items);
// A generator that calls `next` for each item until it says false. `depth` is that of what `next`
// holds.
Value make_generator(std::string name, int depth,
                     std::function<bool(Runtime& run, Value& item)> next);

}  // namespace lapidary::tokenizer::jinja
