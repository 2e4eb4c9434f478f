// Any bytes as a safetensors file: the header parses or is refused with an Error. What parses keeps
// the promises that readers build on.
#include <cstdint>

#include "base/check.h"
#include "checkpoint/finite.h"
#include "checkpoint/safetensors_header.h"

using lapidary::checkpoint::SafetensorsHeader;
using lapidary::checkpoint::TensorInfo;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  try {
    const SafetensorsHeader header = SafetensorsHeader::parse(bytes, size, "fuzz");
    uint64_t at = 0;
    for (const TensorInfo& tensor : header.tensors()) {
      LAPIDARY_CHECK(tensor.begin == at && tensor.end >= at, tensor.name);
      at = tensor.end;
      LAPIDARY_CHECK(stored_bytes(tensor.dtype, tensor.shape) == tensor.size_bytes(), tensor.name);
      LAPIDARY_CHECK(header.find(tensor.name) == &tensor, tensor.name);
      const auto values = bytes.subspan(header.data_begin() + tensor.begin, tensor.size_bytes());
      const auto found = find_non_finite(values, tensor.dtype);
      LAPIDARY_CHECK(found.count == 0 || found.first < static_cast<uint64_t>(tensor.num_elements()),
                     tensor.name);
    }
    LAPIDARY_CHECK(header.data_begin() + at == size, at);

    // Written anew and read again it is the same.
    std::vector<TensorInfo> tensors = header.tensors();
    lay_out_tensors(tensors);
    const std::string text = make_safetensors_header(tensors, header.metadata());
    const SafetensorsHeader again =
        SafetensorsHeader::parse(std::as_bytes(std::span(text)), text.size() + at, "again");
    LAPIDARY_CHECK(again.tensors().size() == tensors.size(), tensors.size());
  } catch (const lapidary::Error& error) {
    if (error.kind() == lapidary::ErrorKind::kInternal) throw;
  }
  return 0;
}
