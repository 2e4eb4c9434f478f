#include "tensor/shape.h"

#include <algorithm>
#include <string>

#include "base/check.h"

namespace lapidary {

namespace {

std::string expected_text(std::initializer_list<Dim> shape) {
  std::vector<std::string> words;
  for (const Dim extent : shape)
    words.push_back(extent == kAnyExtent ? "any" : std::to_string(extent));
  return "[" + join(words) + "]";
}

}  // namespace

void expect_shape(const at::Tensor& tensor, const char* name, std::initializer_list<Dim> shape) {
  LAPIDARY_CHECK(tensor.defined(), name, ": expected shape ", expected_text(shape),
                 ", found no tensor");
  const auto sizes = tensor.sizes();
  const bool equal =
      std::equal(shape.begin(), shape.end(), sizes.begin(), sizes.end(),
                 [](Dim wanted, Dim found) { return wanted == kAnyExtent || wanted == found; });
  LAPIDARY_CHECK(equal, name, ": expected shape ", expected_text(shape), ", found ",
                 shape_text({sizes.data(), sizes.size()}));
}

}  // namespace lapidary
