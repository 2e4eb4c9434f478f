// Names of dtypes as they are written in flags and configs ("bfloat16") and in safetensors headers
// ("BF16").
#pragma once

#include <c10/core/ScalarType.h>

#include <string>
#include <string_view>

namespace lapidary {

// "float32", "bfloat16", "float16" (also with "torch." in front). Throws Error{kInvalidArgument}
// that lists them.
c10::ScalarType dtype_from_name(std::string_view name);
std::string dtype_name(c10::ScalarType dtype);

}  // namespace lapidary
