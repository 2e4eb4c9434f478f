// One safetensors file, mapped read-only. Opening reads the header only; a tensor's pages are read
// when its values are.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "checkpoint/safetensors_header.h"

namespace lapidary::checkpoint {

// Throws Error{kUnsupported} for a dtype that LibTorch lacks (F4, F6).
c10::ScalarType scalar_type(StoredDtype dtype);
StoredDtype stored_dtype(c10::ScalarType dtype);

class SafetensorsFile : public std::enable_shared_from_this<SafetensorsFile> {
 public:
  // Throws Error{kNotFound, kIo, kCorrupt} that names the file.
  static std::shared_ptr<const SafetensorsFile> open(const std::string& path);

  const std::string& path() const { return map_->path(); }
  const SafetensorsHeader& header() const { return header_; }
  const TensorInfo& at(std::string_view name) const;  // Error{kNotFound} when absent

  // The stored bytes, valid as long as this object.
  std::span<const std::byte> bytes(const TensorInfo& tensor) const;

  // A CPU tensor in the file's dtype straight over the mapped pages; it keeps the map alive. It is
  // read-only: writing to it ends the process. Throws Error{kUnsupported} for a dtype that LibTorch
  // lacks or a place in the file that is not aligned for the dtype (use copy_into).
  at::Tensor view(const TensorInfo& tensor) const;
  bool can_view(const TensorInfo& tensor) const;

  // Copies the values into `destination` (same shape, any dtype and device), converting in pieces:
  // no second copy of the tensor is made.
  void copy_into(const TensorInfo& tensor, const at::Tensor& destination) const;

  // Gives the tensor's whole pages back to the system; they are read again when next needed.
  void release(const TensorInfo& tensor) const;

 private:
  SafetensorsFile(std::shared_ptr<const MappedFile> map, SafetensorsHeader header)
      : map_(std::move(map)), header_(std::move(header)) {}
  std::shared_ptr<const MappedFile> map_;
  SafetensorsHeader header_;
};

}  // namespace lapidary::checkpoint
