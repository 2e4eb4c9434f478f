// Reading the inputs of oracle cases and writing results: numbers without infinities, lists of
// lists, tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "base/dim.h"
#include "base/error.h"
#include "base/json.h"

namespace lapidary::check {

// JSON has no infinities: they are written "inf", "-inf", "nan".
Json number(double value);
Json numbers(const std::vector<double>& values);
// A 1-d tensor as a list, a 2-d one as a list of lists, a 0-d one as a number.
Json tensor_values(const at::Tensor& tensor);

// The item of a list. Throws Error{kInvalidArgument} where there is none.
const Json& element(const Json& list, size_t index);

// context_parallel_size, 1 to 1024. Throws Error{kInvalidArgument} for another.
Dim context_ranks(const JsonObject& input);

std::vector<double> doubles(const Json& list);
std::vector<float> floats(const Json& list);
std::vector<Dim> dims(const Json& list);
// fp32, 1-d or 2-d.
at::Tensor float_tensor(const Json& list);

// The name under which the reference refuses the case, with our own message beside it.
Json refusal(const std::string& name, const Error& error);

}  // namespace lapidary::check
