#include "model/gemma4/hf_weights.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>

#include "base/check.h"

namespace lapidary::model {
namespace {

using checkpoint::HfCheckpoint;
using checkpoint::NamedTensor;
using checkpoint::TensorInfo;

void require_tied_head(const HfCheckpoint& files, const std::string& embedding) {
  const TensorInfo& head = *files.find("lm_head.weight");
  const TensorInfo& table = *files.find(embedding);
  const std::span<const std::byte> head_bytes = files.bytes(head.name);
  const std::span<const std::byte> table_bytes = files.bytes(table.name);
  const bool is_equal = head.dtype == table.dtype && head_bytes.size() == table_bytes.size() &&
                        std::memcmp(head_bytes.data(), table_bytes.data(), head_bytes.size()) == 0;
  files.release(head.name);
  files.release(table.name);
  if (!is_equal) {
    fail(ErrorKind::kUnsupported, files.folder(), ": lm_head.weight is not ", embedding,
         "; a head of its own is not supported (tie_word_embeddings is true)");
  }
}

// What transformers counts as a buffer, not as a parameter, in the towers.
bool is_tower_buffer(std::string_view name) {
  constexpr std::array<std::string_view, 6> kBuffers = {".std_bias",  ".std_scale",  ".input_min",
                                                        ".input_max", ".output_min", ".output_max"};
  return std::any_of(kBuffers.begin(), kBuffers.end(),
                     [&](std::string_view buffer) { return name.ends_with(buffer); });
}

// Every expected tensor once, in its shape.
void check_given(const std::vector<ExpectedTensor>& expected,
                 const std::vector<NamedTensor>& tensors) {
  std::unordered_map<std::string_view, const at::Tensor*> given;
  for (const NamedTensor& named : tensors) given.emplace(named.name, &named.tensor);
  LAPIDARY_CHECK(given.size() == expected.size() && tensors.size() == expected.size(),
                 tensors.size(), " tensors for ", expected.size());
  for (const ExpectedTensor& tensor : expected) {
    const auto found = given.find(tensor.name);
    LAPIDARY_CHECK(found != given.end(), tensor.name);
    LAPIDARY_CHECK(found->second->sizes() == c10::IntArrayRef(tensor.shape), tensor.name, ": ",
                   shape_text(found->second->sizes()));
  }
}

}  // namespace

TensorMatch match_weights(const Gemma4Config& config, const HfCheckpoint& files) {
  TensorMatch match = require_tensors(config, files.tensors(), files.folder());
  if (match.has_tied_head) require_tied_head(files, match.prefix + "embed_tokens.weight");
  return match;
}

OpenedWeights open_weights(const Gemma4Config& config, const std::string& folder) {
  OpenedWeights out;
  out.files = HfCheckpoint::open(folder);
  out.match = match_weights(config, *out.files);
  return out;
}

void save_weights(const std::string& folder, const Gemma4Config& config,
                  const std::vector<NamedTensor>& tensors, const SaveWeightsOptions& options) {
  const std::vector<ExpectedTensor> expected = expected_tensors(config);
  check_given(expected, tensors);
  const std::string prefix(text_prefix(config.layout));
  std::vector<NamedTensor> named = tensors;
  for (NamedTensor& tensor : named) tensor.name = prefix + tensor.name;

  checkpoint::SaveOptions save;
  save.max_shard_bytes = options.max_shard_bytes;
  save.source_folder = options.side_files_folder;
  for (const ExpectedTensor& tensor : expected) {
    if (tensor.kind == TensorKind::kTrainable) save.num_parameters += tensor.num_elements();
  }
  if (options.source != nullptr) {
    const OpenedWeights& source = *options.source;
    save.source = source.files.get();
    save.pass_through = source.match.pass_through;
    for (const std::string& name : save.pass_through) {
      if (!is_tower_buffer(name)) save.num_parameters += source.files->find(name)->num_elements();
    }
    // Under another prefix their names would not fit those of the other tensors.
    if (options.unused_kv == UnusedKv::kCopy && source.match.prefix == prefix) {
      save.pass_through.insert(save.pass_through.end(), source.match.unused_kv.begin(),
                               source.match.unused_kv.end());
    }
    if (save.source_folder.empty()) save.source_folder = source.files->folder();
  }
  checkpoint::save_hf_checkpoint(folder, config.to_json(), named, save);
}

}  // namespace lapidary::model
