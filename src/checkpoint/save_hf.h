// Writes a checkpoint folder that transformers' from_pretrained loads: weights in one file or in
// shards with an index (the split of huggingface_hub's split_torch_state_dict_into_shards),
// config.json, and the files beside the weights copied from a source folder.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "checkpoint/hf_checkpoint.h"

namespace lapidary::checkpoint {

// A tensor to be written in its own dtype; it may live on any device and is brought over in pieces.
struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

struct SaveOptions {
  uint64_t max_shard_bytes = 50'000'000'000;  // transformers' default, 50 GB
  // Where tokenizer files, chat template, generation_config.json and the like are copied from; ""
  // for none. Weights, index and config.json of that folder are never copied as files.
  std::string source_folder;
  // Tensors of `source` that are written byte for byte after `tensors` (vision and audio towers).
  const HfCheckpoint* source = nullptr;
  std::vector<std::string> pass_through;
  // In the index's metadata; 0 leaves it out.
  int64_t num_parameters = 0;
};

// The weights alone, into a folder that exists. Shards follow the order of `tensors`. Every file is
// written under a temporary name, synced, then renamed.
void write_hf_weights(const std::string& folder, const std::vector<NamedTensor>& tensors,
                      const SaveOptions& options);

// The whole checkpoint, first in "FOLDER.partial.PID" beside it, then renamed: readers see all of
// it or nothing. `folder` must not exist or be empty. A full disk or a folder that cannot be
// written is an Error{kExhausted, kIo} that leaves nothing behind.
void save_hf_checkpoint(const std::string& folder, const Json& config,
                        const std::vector<NamedTensor>& tensors, const SaveOptions& options);

}  // namespace lapidary::checkpoint
