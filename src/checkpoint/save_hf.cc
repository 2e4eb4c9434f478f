#include "checkpoint/save_hf.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <unordered_map>

#include "base/check.h"
#include "base/file.h"
#include "checkpoint/safetensors_writer.h"
#include "checkpoint/staged_folder.h"

namespace lapidary::checkpoint {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPieceElements = int64_t{4} << 20;

constexpr std::array<const char*, 14> kSideFiles = {"tokenizer.json",
                                                    "tokenizer_config.json",
                                                    "tokenizer.model",
                                                    "special_tokens_map.json",
                                                    "added_tokens.json",
                                                    "chat_template.jinja",
                                                    "chat_template.json",
                                                    "additional_chat_templates",
                                                    "generation_config.json",
                                                    "processor_config.json",
                                                    "preprocessor_config.json",
                                                    "video_preprocessor_config.json",
                                                    "vocab.json",
                                                    "merges.txt"};

// Where the bytes of one tensor come from: `given`, or else the source checkpoint.
struct Item {
  TensorInfo info;
  const NamedTensor* given = nullptr;
};

c10::ScalarType dtype_of(const NamedTensor& named) {
  return named.dtype == c10::ScalarType::Undefined ? named.tensor.scalar_type() : named.dtype;
}

std::vector<Item> collect_items(const std::vector<NamedTensor>& tensors,
                                const SaveOptions& options) {
  std::vector<Item> items;
  for (const NamedTensor& named : tensors) {
    Item& item = items.emplace_back();
    item.given = &named;
    item.info.name = named.name;
    item.info.dtype = stored_dtype(dtype_of(named));
    item.info.shape = named.tensor.sizes().vec();
  }
  for (const std::string& name : options.pass_through) {
    LAPIDARY_CHECK(options.source != nullptr && options.source->has(name), name);
    items.emplace_back().info = *options.source->find(name);
  }
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
    return natural_less(a.info.name, b.info.name);
  });
  for (Item& item : items) {
    item.info.begin = 0;
    item.info.end = stored_bytes(item.info.dtype, item.info.shape).value_or(0);
  }
  return items;
}

// huggingface_hub's split_torch_state_dict_into_shards: in order, a new shard when the next tensor
// would not fit; a tensor above the limit has a shard of its own, which does not end the current
// one.
std::vector<std::vector<const Item*>> split(const std::vector<Item>& items, uint64_t limit) {
  std::vector<std::vector<const Item*>> shards;
  std::vector<const Item*> current;
  uint64_t current_bytes = 0;
  for (const Item& item : items) {
    const uint64_t bytes = item.info.size_bytes();
    if (bytes > limit) {
      shards.push_back({&item});
      continue;
    }
    if (current_bytes + bytes > limit) {
      shards.push_back(std::move(current));
      current.clear();
      current_bytes = 0;
    }
    current.push_back(&item);
    current_bytes += bytes;
  }
  if (!current.empty()) shards.push_back(std::move(current));
  return shards;
}

std::string shard_name(size_t index, size_t count) {
  if (count == 1) return "model.safetensors";
  std::array<char, 64> name{};
  std::snprintf(name.data(), name.size(), "model-%05zu-of-%05zu.safetensors", index + 1, count);
  return name.data();
}

void append_tensor(const NamedTensor& named, SafetensorsWriter& writer) {
  const c10::ScalarType dtype = dtype_of(named);
  const at::Tensor flat = named.tensor.detach().contiguous().view({-1});
  for (int64_t begin = 0; begin < flat.numel(); begin += kPieceElements) {
    const at::Tensor piece = flat.narrow(0, begin, std::min(kPieceElements, flat.numel() - begin))
                                 .to(at::TensorOptions(dtype).device(c10::kCPU))
                                 .contiguous();
    writer.append({static_cast<const std::byte*>(piece.const_data_ptr()), piece.nbytes()});
  }
}

void write_shard(const std::string& path, const std::vector<const Item*>& items,
                 const HfCheckpoint* source) {
  std::vector<TensorInfo> infos;
  std::unordered_map<std::string_view, const Item*> by_name;
  for (const Item* item : items) {
    infos.push_back(item->info);
    by_name.emplace(item->info.name, item);
  }
  SafetensorsWriter writer(path, std::move(infos), {{"format", "pt"}});
  for (const TensorInfo& info : writer.tensors()) {
    const Item& item = *by_name.at(info.name);
    if (item.given != nullptr) {
      append_tensor(*item.given, writer);
    } else {
      writer.append(source->bytes(info.name));
      source->release(info.name);
    }
  }
  writer.finish();
}

void refuse_existing_weights(const std::string& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("model") && name.find(".safetensors") != std::string::npos)
      fail(ErrorKind::kInvalidArgument, "cannot save weights to ", folder, ": it holds ", name);
  }
}

}  // namespace

void write_hf_weights(const std::string& folder, const std::vector<NamedTensor>& tensors,
                      const SaveOptions& options) {
  LAPIDARY_CHECK(!tensors.empty() || !options.pass_through.empty(), "no tensors to save");
  refuse_existing_weights(folder);
  const std::vector<Item> items = collect_items(tensors, options);
  const auto shards = split(items, options.max_shard_bytes);
  uint64_t total_bytes = 0;
  std::vector<std::pair<std::string, std::string>> places;  // tensor, file
  for (size_t i = 0; i < shards.size(); ++i) {
    const std::string name = shard_name(i, shards.size());
    write_shard(folder + "/" + name, shards[i], options.source);
    for (const Item* item : shards[i]) {
      total_bytes += item->info.size_bytes();
      places.emplace_back(item->info.name, name);
    }
  }
  if (shards.size() == 1) return;
  std::sort(places.begin(), places.end());
  Json index = {{"metadata", Json::object()}, {"weight_map", Json::object()}};
  if (options.num_parameters > 0) index["metadata"]["total_parameters"] = options.num_parameters;
  index["metadata"]["total_size"] = total_bytes;
  Json::object_t& weight_map = index["weight_map"].get_ref<Json::object_t&>();
  for (const auto& place : places) weight_map.push_back(place);  // known to be distinct
  write_file_atomically(folder + "/model.safetensors.index.json", dump_json(index, 2) + "\n");
}

void copy_side_files(const std::string& source, const std::string& folder) {
  for (const char* name : kSideFiles) {
    const fs::path from = fs::path(source) / name;
    std::error_code error;
    if (!fs::exists(from, error)) continue;
    fs::copy(from, fs::path(folder) / name,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
    if (error) {
      const bool is_full = error == std::errc::no_space_on_device;
      fail(is_full ? ErrorKind::kExhausted : ErrorKind::kIo, "cannot copy ", from.string(), " to ",
           folder, ": ", error.message());
    }
  }
}

void save_hf_checkpoint(const std::string& folder, const Json& config,
                        const std::vector<NamedTensor>& tensors, const SaveOptions& options) {
  StagedFolder staged(folder);
  write_hf_weights(staged.path(), tensors, options);
  if (!options.source_folder.empty()) copy_side_files(options.source_folder, staged.path());
  write_file_atomically(staged.path() + "/config.json", dump_json(config, 2) + "\n");
  staged.commit();
}

}  // namespace lapidary::checkpoint
