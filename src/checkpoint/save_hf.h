// Writes a checkpoint folder that transformers' from_pretrained loads, byte for byte what its
// save_pretrained writes for the same tensors and shard size: weights in one file or in shards with
// an index, config.json, and the files beside the weights copied from a source folder.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "checkpoint/hf_checkpoint.h"

namespace lapidary::checkpoint {

// A tensor on any device. It is brought to the CPU and converted to `dtype` piece by piece while it
// is written.
struct NamedTensor {
  std::string name;
  at::Tensor tensor;
  c10::ScalarType dtype = c10::ScalarType::Undefined;  // Undefined: the tensor's own
};

struct SaveOptions {
  uint64_t max_shard_bytes = 50'000'000'000;  // transformers' default, 50 GB
  // Tensors of `source` that are written as they are there (vision and audio towers).
  const HfCheckpoint* source = nullptr;
  std::vector<std::string> pass_through;
  // Where tokenizer files, chat template, generation_config.json and the like are copied from; ""
  // for none.
  std::string source_folder;
  int64_t num_parameters = 0;  // total_parameters of the index; 0 leaves it out
};

// The weights alone, into a folder that exists and holds no weights. Every file is written under a
// temporary name, synced, then renamed; the index comes last.
void write_hf_weights(const std::string& folder, const std::vector<NamedTensor>& tensors,
                      const SaveOptions& options);

// The whole checkpoint through StagedFolder: readers see all of it or nothing. `folder` must not
// exist or be empty. A full disk or a folder that cannot be written is an Error{kExhausted, kIo}
// that leaves nothing behind.
void save_hf_checkpoint(const std::string& folder, const Json& config,
                        const std::vector<NamedTensor>& tensors, const SaveOptions& options);

// Tokenizer files, chat template, generation_config.json, processor settings: those of `source`
// that are there are copied to `folder`.
void copy_side_files(const std::string& source, const std::string& folder);

}  // namespace lapidary::checkpoint
