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

struct LoadOptions {
  std::optional<c10::ScalarType> dtype;  // none: as stored
  c10::Device device = c10::kCPU;
  Residency residency = Residency::kOwned;
  FiniteCheck finite = FiniteCheck::kRefuse;
};

class HfCheckpoint {
 public:
  // `folder` holds the files; a path to one .safetensors file is taken too. All problems of index
  // and shards (a file that is missing or damaged, a tensor that is not in the shard that the index
  // names, one that the index lacks or that is in two shards) are listed in one Error{kCorrupt}; no
  // weights at all is Error{kNotFound}.
  static std::shared_ptr<const HfCheckpoint> open(const std::string& folder);

  const std::string& folder() const { return folder_; }
  const std::vector<TensorInfo>& tensors() const { return tensors_; }  // in natural_less order
  const TensorInfo* find(std::string_view name) const;                 // nullptr when absent
  bool has(std::string_view name) const { return find(name) != nullptr; }
  const std::vector<std::shared_ptr<const SafetensorsFile>>& files() const { return files_; }
  uint64_t file_bytes() const;  // of all files together

  // A new tensor. Loading tensor by tensor never holds two copies of the weights: pages of the file
  // are given back as they are read. Throws Error{kNotFound} for a name that is not there.
  at::Tensor load(std::string_view name, const LoadOptions& options = {}) const;

  // Into contiguous memory that the caller has (same shape, any dtype and device).
  void load_into(std::string_view name, const at::Tensor& destination,
                 FiniteCheck finite = FiniteCheck::kRefuse) const;

  // The stored bytes, valid as long as this object, and the release of their pages.
  std::span<const std::byte> bytes(std::string_view name) const;
  void release(std::string_view name) const;

 private:
  explicit HfCheckpoint(std::string folder) : folder_(std::move(folder)) {}
  void open_shards(const std::string& index_path);
  void add_tensors(const std::shared_ptr<const SafetensorsFile>& file);
  void sort_tensors();

  struct Place {
    size_t tensor = 0;  // in tensors_
    const SafetensorsFile* file = nullptr;
  };
  const Place& place(std::string_view name) const;

  std::string folder_;
  std::vector<TensorInfo> tensors_;
  std::vector<std::shared_ptr<const SafetensorsFile>> files_;
  std::unordered_map<std::string, Place> places_;
};

// The order in which transformers writes tensors: names are split at dots, numbers (also at the end
// of a part) compare as numbers.
bool natural_less(std::string_view a, std::string_view b);

}  // namespace lapidary::checkpoint
