// A Hugging Face checkpoint folder: model.safetensors, or the shards that
// model.safetensors.index.json names. Opening reads headers only. What the tensors mean is the
// model's business (model/gemma4/hf_names.h).
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "checkpoint/safetensors_file.h"

namespace lapidary::checkpoint {

enum class Residency {
  kOwned,   // the tensor has memory of its own and may be written
  kMapped,  // a read-only view of the file where dtype, device and alignment allow it, else as
            // owned
};
enum class FiniteCheck { kRefuse, kSkip };

struct LoadOptions {
  std::optional<c10::ScalarType> dtype;  // none: as stored
  c10::Device device = c10::kCPU;
  Residency residency = Residency::kOwned;
  FiniteCheck finite = FiniteCheck::kRefuse;  // refuse a tensor with a NaN or an infinity
};

class HfCheckpoint {
 public:
  // `folder` holds the files; a path to one .safetensors file is taken too. All problems of index
  // and shards (a file that is missing, a tensor that is not where the index says, one that is in a
  // shard but not in the index) are listed in one Error{kCorrupt}; no weights at all is
  // Error{kNotFound}.
  static std::shared_ptr<const HfCheckpoint> open(const std::string& folder);

  const std::string& folder() const { return folder_; }
  const std::vector<TensorInfo>& tensors() const { return tensors_; }  // sorted by name
  const TensorInfo* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  const std::vector<std::string>& files() const { return files_; }  // paths, in shard order
  uint64_t file_bytes() const { return file_bytes_; }               // of all files together

  // A new tensor. Loading tensor by tensor holds at most one tensor twice: the pages it was copied
  // from are given back before the next. Throws Error{kNotFound} for a name that is not there and
  // Error{kCorrupt} "folder: tensor NAME has 3 values that are not finite, the first at [..]".
  at::Tensor load(std::string_view name, const LoadOptions& options = {}) const;

  // Into memory that the caller has (same shape, any dtype and device).
  void load_into(std::string_view name, const at::Tensor& destination,
                 FiniteCheck finite = FiniteCheck::kRefuse) const;

  // The stored bytes, valid as long as this object.
  std::span<const std::byte> bytes(std::string_view name) const;
  // Gives the pages of one tensor back to the system.
  void release(std::string_view name) const;

 private:
  HfCheckpoint() = default;
  struct Place {
    size_t tensor;  // in tensors_
    size_t shard;   // in shards_
  };
  const Place& place(std::string_view name) const;

  std::string folder_;
  std::vector<TensorInfo> tensors_;
  std::vector<std::string> files_;
  std::vector<std::shared_ptr<const SafetensorsFile>> shards_;
  std::unordered_map<std::string, Place> places_;
  uint64_t file_bytes_ = 0;
};

}  // namespace lapidary::checkpoint
