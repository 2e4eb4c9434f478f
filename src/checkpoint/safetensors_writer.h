// Writes one safetensors file with bounded memory: the header is known first, then the bytes come
// in pieces. Torch-free.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "checkpoint/safetensors_header.h"

namespace lapidary::checkpoint {

class SafetensorsWriter {
 public:
  // Takes name, dtype and shape of `tensors`; order and places are the reference library's (see
  // lay_out_tensors). The file appears under `path` when finish() returns, whole, or not at all.
  SafetensorsWriter(const std::string& path, std::vector<TensorInfo> tensors,
                    const std::vector<std::pair<std::string, std::string>>& metadata);

  // In the order in which their bytes must come.
  const std::vector<TensorInfo>& tensors() const { return tensors_; }

  void append(std::span<const std::byte> bytes);
  void finish();

 private:
  std::vector<TensorInfo> tensors_;
  FileWriter file_;
  uint64_t remaining_ = 0;
};

}  // namespace lapidary::checkpoint
