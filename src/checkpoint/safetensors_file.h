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
// Throws Error{kUnsupported} for a dtype that the format lacks.
StoredDtype stored_dtype(c10::ScalarType dtype);

enum class FiniteCheck {
  kRefuse,  // a tensor with a NaN or an infinity is an Error{kCorrupt} that names it
  kSkip,
};

class SafetensorsFile {
 public:
  // Throws Error{kNotFound, kIo, kCorrupt} that names the file.
  static std::shared_ptr<const SafetensorsFile> open(const std::string& path);

  const std::string& path() const { return map_->path(); }
  const SafetensorsHeader& header() const { return header_; }
  uint64_t size_bytes() const { return map_->bytes().size(); }
  const TensorInfo& at(std::string_view name) const;  // Error{kNotFound} when absent

  // The stored bytes, valid as long as this object.
  std::span<const std::byte> bytes(const TensorInfo& tensor) const;

  // Whether view() can be had: LibTorch has the dtype and the bytes are aligned for it.
  bool can_view(const TensorInfo& tensor) const;
  // A CPU tensor in the file's dtype straight over the mapped pages; it keeps the map alive. It is
  // read-only: writing to it ends the process.
  at::Tensor view(const TensorInfo& tensor) const;

  // Copies the values into `destination` (same shape, any dtype and device). The work goes piece by
  // piece, each checked and its pages given back to the system: no second copy of a tensor is held.
  void copy_into(const TensorInfo& tensor, const at::Tensor& destination,
                 FiniteCheck finite = FiniteCheck::kRefuse) const;

  void require_finite(const TensorInfo& tensor) const;

  // Gives the pages of these bytes of the map back to the system; they are read again when next
  // needed, so this is safe at any time.
  void release(std::span<const std::byte> bytes) const;

 private:
  SafetensorsFile(std::shared_ptr<const MappedFile> map, SafetensorsHeader header)
      : map_(std::move(map)), header_(std::move(header)) {}
  std::shared_ptr<const MappedFile> map_;
  SafetensorsHeader header_;
};

}  // namespace lapidary::checkpoint
