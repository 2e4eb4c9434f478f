// make_header_checkpoint CONFIG.json OUT [MAX_SHARD_GB]: a checkpoint of the right tensors and no
// values, for tests of what reads headers only. Every shard is a sparse file: 50 GB take a few
// hundred kilobytes of disk.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "checkpoint/hf_checkpoint.h"
#include "checkpoint/safetensors_header.h"
#include "model/gemma4/hf_names.h"

namespace lapidary {
namespace {

namespace fs = std::filesystem;
using checkpoint::StoredDtype;
using checkpoint::TensorInfo;

void add(std::vector<TensorInfo>& tensors, const std::string& name, std::vector<Dim> shape) {
  tensors.push_back({name, StoredDtype::kBF16, std::move(shape), 0, 0});
}

// The vision tower of the large published models, and its embedder.
void add_vision(const Json& config, std::vector<TensorInfo>& tensors) {
  const JsonObject vision = JsonObject(config, "config").get_object("vision_config");
  const Dim hidden = vision.get_int("hidden_size");
  const Dim heads = vision.get_int("num_attention_heads") * vision.get_int("head_dim");
  const Dim intermediate = vision.get_int("intermediate_size");
  const Dim patch = 3 * vision.get_int("patch_size") * vision.get_int("patch_size");
  const std::string tower = "model.vision_tower.";
  for (Dim i = 0; i < vision.get_int("num_hidden_layers"); ++i) {
    const std::string layer = cat(tower, "encoder.layers.", i, ".");
    for (const char* name : {"q", "k", "v"})
      add(tensors, cat(layer, "self_attn.", name, "_proj.linear.weight"), {heads, hidden});
    add(tensors, layer + "self_attn.o_proj.linear.weight", {hidden, heads});
    for (const char* name : {"q_norm", "k_norm"})
      add(tensors, cat(layer, "self_attn.", name, ".weight"), {vision.get_int("head_dim")});
    for (const char* name : {"gate", "up"})
      add(tensors, cat(layer, "mlp.", name, "_proj.linear.weight"), {intermediate, hidden});
    add(tensors, layer + "mlp.down_proj.linear.weight", {hidden, intermediate});
    for (const char* name : {"input", "post_attention", "pre_feedforward", "post_feedforward"})
      add(tensors, cat(layer, name, "_layernorm.weight"), {hidden});
  }
  add(tensors, tower + "patch_embedder.input_proj.weight", {hidden, patch});
  add(tensors, tower + "patch_embedder.position_embedding_table",
      {2, vision.get_int("position_embedding_size"), hidden});
  if (vision.get_bool_or("standardize", false)) {
    for (const char* name : {"std_bias", "std_scale"}) add(tensors, tower + name, {hidden});
  }
  const Dim text_hidden =
      JsonObject(config, "config").get_object("text_config").get_int("hidden_size");
  add(tensors, "model.embed_vision.embedding_projection.weight", {text_hidden, hidden});
}

void write_sparse(const std::string& path, std::vector<TensorInfo> tensors) {
  lay_out_tensors(tensors);
  const std::vector<std::pair<std::string, std::string>> metadata = {{"format", "pt"}};
  const std::string header = make_safetensors_header(tensors, metadata);
  write_file_atomically(path, header);
  fs::resize_file(path, header.size() + tensors.back().end);
}

void make(const std::string& config_path, const std::string& folder, uint64_t max_shard_bytes) {
  const Json json = read_json_file(config_path);
  const model::Gemma4Config config = model::Gemma4Config::from_json(json, config_path);
  std::vector<TensorInfo> tensors;
  for (const model::ExpectedTensor& tensor : expected_tensors(config))
    add(tensors, std::string(text_prefix(config.layout)) + tensor.name, tensor.shape);
  if (json.contains("vision_config") && config.model_type == "gemma4_text")
    add_vision(json, tensors);

  std::vector<std::vector<TensorInfo>> shards(1);
  uint64_t shard_bytes = 0;
  for (const TensorInfo& tensor : tensors) {
    const uint64_t bytes = stored_bytes(tensor.dtype, tensor.shape).value();
    if (shard_bytes + bytes > max_shard_bytes && !shards.back().empty()) {
      shards.emplace_back();
      shard_bytes = 0;
    }
    shards.back().push_back(tensor);
    shard_bytes += bytes;
  }
  fs::create_directories(folder);
  Json index = {{"metadata", Json::object()}, {"weight_map", Json::object()}};
  for (size_t i = 0; i < shards.size(); ++i) {
    char name[64];
    std::snprintf(name, sizeof(name), "model-%05zu-of-%05zu.safetensors", i + 1, shards.size());
    for (const TensorInfo& tensor : shards[i]) index["weight_map"][tensor.name] = name;
    write_sparse(folder + "/" + name, shards[i]);
  }
  write_file_atomically(folder + "/model.safetensors.index.json", dump_json(index, 2));
  write_file_atomically(folder + "/config.json", dump_json(json, 2));
  std::printf("%zu tensors in %zu shards\n", tensors.size(), shards.size());
}

}  // namespace
}  // namespace lapidary

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: make_header_checkpoint CONFIG.json OUT [MAX_SHARD_GB=5]\n");
    return 2;
  }
  try {
    const double gigabytes = argc > 3 ? std::atof(argv[3]) : 5.0;
    lapidary::make(argv[1], argv[2], static_cast<uint64_t>(gigabytes * 1e9));
    return 0;
  } catch (const lapidary::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return lapidary::exit_status(error.kind());
  }
}
