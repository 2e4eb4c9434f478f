// The header of a safetensors file: eight bytes of length (little endian), a JSON object
// {"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {..}}, then the data.
// Parsed strictly, as the reference library does and a little more: every violation is an
// Error{kCorrupt} that names file, tensor, what was found and what is allowed. Torch-free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/dim.h"
#include "checkpoint/stored_dtype.h"

namespace lapidary::checkpoint {

inline constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the reference library's limit
inline constexpr size_t kMaxDims = 64;                    // LibTorch's limit

// One tensor of a file. Bytes [begin, end) count from the start of the data, as in the header.
struct TensorInfo {
  std::string name;
  StoredDtype dtype = StoredDtype::kF32;
  std::vector<Dim> shape;  // empty: a scalar
  uint64_t begin = 0;
  uint64_t end = 0;

  uint64_t size_bytes() const { return end - begin; }
  Dim num_elements() const;
};

class SafetensorsHeader {
 public:
  // `head` holds at least the length and the header's text (the whole file, or its beginning);
  // `file_size` is the size of the whole file and `what` its name for messages.
  static SafetensorsHeader parse(std::span<const std::byte> head, uint64_t file_size,
                                 const std::string& what);

  const std::vector<TensorInfo>& tensors() const {
    return tensors_;
  }                                                     // in the order of their bytes
  const TensorInfo* find(std::string_view name) const;  // nullptr when absent
  const std::vector<std::pair<std::string, std::string>>& metadata() const { return metadata_; }
  uint64_t data_begin() const { return data_begin_; }  // where the data starts in the file

 private:
  std::vector<TensorInfo> tensors_;
  std::unordered_map<std::string, size_t> by_name_;
  std::vector<std::pair<std::string, std::string>> metadata_;
  uint64_t data_begin_ = 0;
};

// Sorts `tensors` as the reference library does (larger dtypes first, so that every tensor is
// aligned, then by name) and sets begin and end. Throws Error{kInvalidArgument} for a name that is
// there twice and for sizes that do not fit.
void lay_out_tensors(std::vector<TensorInfo>& tensors);

// The bytes of a file before its data, as the reference library writes them: length, JSON, and the
// spaces that align the data to 8 bytes. `tensors` as laid out.
std::string make_safetensors_header(std::span<const TensorInfo> tensors,
                                    std::span<const std::pair<std::string, std::string>> metadata);

}  // namespace lapidary::checkpoint
