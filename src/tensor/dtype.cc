#include "tensor/dtype.h"

#include "base/check.h"

namespace lapidary {

c10::ScalarType dtype_from_name(std::string_view name) {
  const std::string_view full = name;
  if (name.starts_with("torch.")) name.remove_prefix(6);
  if (name == "float32") return c10::ScalarType::Float;
  if (name == "bfloat16") return c10::ScalarType::BFloat16;
  if (name == "float16") return c10::ScalarType::Half;
  fail(ErrorKind::kInvalidArgument, "dtype ", quoted(full),
       " is not one of float32, bfloat16, float16");
}

std::string dtype_name(c10::ScalarType dtype) {
  switch (dtype) {
    case c10::ScalarType::Float:
      return "float32";
    case c10::ScalarType::BFloat16:
      return "bfloat16";
    case c10::ScalarType::Half:
      return "float16";
    default:
      return c10::toString(dtype);
  }
}

}  // namespace lapidary
