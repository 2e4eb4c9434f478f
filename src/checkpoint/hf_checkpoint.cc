#include "checkpoint/hf_checkpoint.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <charconv>
#include <compare>
#include <filesystem>
#include <map>

#include "base/check.h"
#include "base/json.h"

namespace lapidary::checkpoint {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSingleFile = "model.safetensors";
constexpr std::string_view kIndexFile = "model.safetensors.index.json";
constexpr size_t kMaxShownProblems = 40;

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Numbers of any length: leading zeros do not count.
std::strong_ordering compare_digits(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::strong_ordering compare_parts(std::string_view a, std::string_view b) {
  if (is_digits(a) || is_digits(b)) {  // numbers come before words
    if (is_digits(a) && is_digits(b)) return compare_digits(a, b);
    return is_digits(a) ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  const size_t a_word = a.find_last_not_of("0123456789") + 1;
  const size_t b_word = b.find_last_not_of("0123456789") + 1;
  const auto words = a.substr(0, a_word).compare(b.substr(0, b_word)) <=> 0;
  if (words != 0) return words;
  if (a.size() == a_word || b.size() == b_word)  // a word alone comes before word and number
    return (a.size() == a_word ? 0 : 1) <=> (b.size() == b_word ? 0 : 1);
  return compare_digits(a.substr(a_word), b.substr(b_word));
}

// Throws one error for everything that was found.
void throw_problems(const std::string& what, const std::vector<std::string>& problems) {
  if (problems.empty()) return;
  fail(ErrorKind::kCorrupt, what, ": ", problems.size() > 1 ? "\n  " : "",
       join(problems, "\n  ", kMaxShownProblems));
}

// The index: tensor name -> file name. A file name that leads out of the folder is refused.
std::map<std::string, std::string> read_weight_map(const std::string& path) {
  const Json json = read_json_file(path);
  const auto found = json.find("weight_map");
  if (!json.is_object() || found == json.end() || !found->is_object() || found->empty()) {
    fail(ErrorKind::kCorrupt, path,
         ": \"weight_map\" must be an object that names the file of every tensor");
  }
  std::map<std::string, std::string> out;
  std::vector<std::string> problems;
  for (const auto& [tensor, file] : found->items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : "";
    if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..") {
      problems.push_back(cat("tensor ", tensor, ": ", lapidary::quoted(dump_json(file)),
                             " is not the name of a file in the folder"));
    }
    out[tensor] = name;
  }
  throw_problems(path, problems);
  return out;
}

}  // namespace

bool natural_less(std::string_view a, std::string_view b) {
  while (true) {
    const size_t a_end = std::min(a.find('.'), a.size());
    const size_t b_end = std::min(b.find('.'), b.size());
    const auto order = compare_parts(a.substr(0, a_end), b.substr(0, b_end));
    if (order != 0) return order < 0;
    if (a_end == a.size() || b_end == b.size()) return a_end == a.size() && b_end != b.size();
    a.remove_prefix(a_end + 1);
    b.remove_prefix(b_end + 1);
  }
}

std::shared_ptr<const HfCheckpoint> HfCheckpoint::open(const std::string& folder) {
  std::shared_ptr<HfCheckpoint> out(new HfCheckpoint(folder));
  std::error_code error;
  const fs::path single = fs::path(folder) / kSingleFile;
  const fs::path index = fs::path(folder) / kIndexFile;
  if (fs::is_regular_file(folder, error)) {
    out->add_tensors(SafetensorsFile::open(folder));
  } else if (fs::exists(single, error)) {  // as transformers: one file wins over an index
    out->add_tensors(SafetensorsFile::open(single.string()));
  } else if (fs::exists(index, error)) {
    out->open_shards(index.string());
  } else if (!fs::is_directory(folder, error)) {
    fail(ErrorKind::kNotFound, "no checkpoint at ", folder, ": there is no such folder");
  } else {
    fail(ErrorKind::kNotFound, "no weights in ", folder, ": neither ", kSingleFile, " nor ",
         kIndexFile, " is there (other formats are not read)");
  }
  out->sort_tensors();
  return out;
}

void HfCheckpoint::open_shards(const std::string& index_path) {
  const std::map<std::string, std::string> weight_map = read_weight_map(index_path);
  std::map<std::string, std::shared_ptr<const SafetensorsFile>> shards;
  std::vector<std::string> problems;
  for (const auto& [tensor, name] : weight_map) {
    const auto [shard, is_new] = shards.emplace(name, nullptr);
    if (!is_new) continue;
    try {
      shard->second = SafetensorsFile::open(folder_ + "/" + name);
    } catch (const Error& error) {
      problems.emplace_back(error.what());
    }
  }
  for (const auto& [tensor, name] : weight_map) {
    const SafetensorsFile* shard = shards.at(name).get();
    if (shard != nullptr && shard->header().find(tensor) == nullptr)
      problems.push_back(
          cat("tensor ", tensor, " is not in ", name, ", where the index places it"));
  }
  for (const auto& [name, shard] : shards) {
    if (shard == nullptr) continue;
    for (const TensorInfo& tensor : shard->header().tensors()) {
      const auto placed = weight_map.find(tensor.name);
      if (placed == weight_map.end()) {
        problems.push_back(cat("tensor ", tensor.name, " of ", name, " is not in the index"));
      } else if (placed->second != name) {
        problems.push_back(cat("tensor ", tensor.name, " is in ", name, ", the index places it in ",
                               placed->second));
      }
    }
  }
  throw_problems(index_path, problems);
  for (const auto& [name, shard] : shards) add_tensors(shard);
}

void HfCheckpoint::add_tensors(const std::shared_ptr<const SafetensorsFile>& file) {
  files_.push_back(file);
  for (const TensorInfo& tensor : file->header().tensors()) {
    tensors_.push_back(tensor);
    places_[tensor.name].file = file.get();
  }
}

void HfCheckpoint::sort_tensors() {
  std::sort(tensors_.begin(), tensors_.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return natural_less(a.name, b.name) || (!natural_less(b.name, a.name) && a.name < b.name);
  });
  for (size_t i = 0; i < tensors_.size(); ++i) places_[tensors_[i].name].tensor = i;
}

const HfCheckpoint::Place& HfCheckpoint::place(std::string_view name) const {
  const auto found = places_.find(std::string(name));
  if (found == places_.end()) {
    std::vector<std::string> names;
    for (const TensorInfo& tensor : tensors_) names.push_back(tensor.name);
    const std::string guess = nearest(name, names);
    fail(ErrorKind::kNotFound, folder_, " has no tensor ", name,
         guess.empty() ? "" : "; the nearest is ", guess);
  }
  return found->second;
}

const TensorInfo* HfCheckpoint::find(std::string_view name) const {
  const auto found = places_.find(std::string(name));
  return found == places_.end() ? nullptr : &tensors_[found->second.tensor];
}

uint64_t HfCheckpoint::file_bytes() const {
  uint64_t out = 0;
  for (const auto& file : files_) out += file->size_bytes();
  return out;
}

at::Tensor HfCheckpoint::load(std::string_view name, const LoadOptions& options) const {
  const Place& place = this->place(name);
  const TensorInfo& tensor = tensors_[place.tensor];
  const c10::ScalarType stored = scalar_type(tensor.dtype);
  const c10::ScalarType dtype = options.dtype.value_or(stored);
  if (options.residency == Residency::kMapped && dtype == stored && options.device.is_cpu() &&
      place.file->can_view(tensor)) {
    if (options.finite == FiniteCheck::kRefuse) place.file->require_finite(tensor);
    return place.file->view(tensor);
  }
  const at::Tensor out = at::empty(tensor.shape, at::TensorOptions(dtype).device(options.device));
  place.file->copy_into(tensor, out, options.finite);
  return out;
}

void HfCheckpoint::load_into(std::string_view name, const at::Tensor& destination,
                             FiniteCheck finite) const {
  const Place& place = this->place(name);
  const TensorInfo& tensor = tensors_[place.tensor];
  if (destination.sizes() != c10::IntArrayRef(tensor.shape)) {
    fail(ErrorKind::kCorrupt, folder_, ": tensor ", name, " has shape ", shape_text(tensor.shape),
         ", expected ", shape_text(destination.sizes()));
  }
  place.file->copy_into(tensor, destination, finite);
}

std::span<const std::byte> HfCheckpoint::bytes(std::string_view name) const {
  const Place& place = this->place(name);
  return place.file->bytes(tensors_[place.tensor]);
}

void HfCheckpoint::release(std::string_view name) const {
  const Place& place = this->place(name);
  place.file->release(place.file->bytes(tensors_[place.tensor]));
}

}  // namespace lapidary::checkpoint
