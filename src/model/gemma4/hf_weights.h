// Gemma 4 weights in and out of a Hugging Face folder: what checkpoint/ does with any tensors,
// under the names of hf_names.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/hf_checkpoint.h"
#include "checkpoint/save_hf.h"
#include "model/gemma4/config.h"
#include "model/gemma4/hf_names.h"

namespace lapidary::model {

// An open checkpoint whose tensors are those of the config. The tensor `name` of expected_tensors()
// is files->load(match.prefix + name).
struct OpenedWeights {
  std::shared_ptr<const checkpoint::HfCheckpoint> files;
  TensorMatch match;
};

// Compares the names and shapes of a checkpoint with the config. Reads headers only, except that a
// stored lm_head.weight must equal the embedding table (the head is tied): Error{kUnsupported}
// otherwise. Throws as require_tensors does.
TensorMatch match_weights(const Gemma4Config& config, const checkpoint::HfCheckpoint& files);

// Opens the folder and matches. Throws as HfCheckpoint::open and match_weights do.
OpenedWeights open_weights(const Gemma4Config& config, const std::string& folder);

// The K/V tensors of KV-shared layers: published files hold them, save_pretrained drops them.
enum class UnusedKv { kCopy, kDrop };

struct SaveWeightsOptions {
  uint64_t max_shard_bytes = 50'000'000'000;
  // The checkpoint that was trained from. Its vision and audio tensors, unused K/V tensors and the
  // files beside the weights are copied. nullptr: none.
  const OpenedWeights* source = nullptr;
  UnusedKv unused_kv = UnusedKv::kCopy;
  std::string side_files_folder;  // "": the source's folder
};

// `tensors` are all of expected_tensors(), in any order, named below the prefix. Loads in
// transformers without a warning. Throws as checkpoint::save_hf_checkpoint does.
void save_weights(const std::string& folder, const Gemma4Config& config,
                  const std::vector<checkpoint::NamedTensor>& tensors,
                  const SaveWeightsOptions& options = {});

}  // namespace lapidary::model
