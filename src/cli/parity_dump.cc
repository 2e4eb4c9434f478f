#include "cli/parity_dump.h"

#include <ATen/ops/empty.h>

#include <filesystem>

#include "base/check.h"
#include "base/json.h"
#include "checkpoint/safetensors_file.h"

namespace lapidary::cli {

namespace {

std::map<std::string, at::Tensor> read_tensors(const std::string& path) {
  const auto file = checkpoint::SafetensorsFile::open(path);
  std::map<std::string, at::Tensor> out;
  for (const checkpoint::TensorInfo& info : file->header().tensors()) {
    const at::Tensor tensor =
        at::empty(info.shape, at::TensorOptions().dtype(checkpoint::scalar_type(info.dtype)));
    file->copy_into(info, tensor);
    out.emplace(info.name, tensor);
  }
  return out;
}

std::string with_extension(const std::string& path, const char* extension) {
  return std::filesystem::path(path).replace_extension(extension).string();
}

std::map<std::string, double> read_numbers(const Json& object) {
  std::map<std::string, double> out;
  for (const auto& [name, value] : object.items()) {
    if (value.is_number()) out.emplace(name, value.get<double>());
  }
  return out;
}

OptimizerDump read_optimizer(const std::string& tensors_path, const std::string& json_path) {
  OptimizerDump out;
  const Json json = read_json_file(json_path);
  const JsonObject fields(json, json_path);
  const Json& betas = fields.at("betas");
  if (!betas.is_array() || betas.size() != 2 || !betas[0].is_number() || !betas[1].is_number())
    fail(ErrorKind::kInvalidArgument, json_path, ": betas must be two numbers");
  out.options = {.lr = fields.get_double("lr"),
                 .beta1 = betas[0].get<double>(),
                 .beta2 = betas[1].get<double>(),
                 .eps = fields.get_double("eps"),
                 .weight_decay = fields.get_double("weight_decay")};
  out.max_grad_norm = fields.get_double("clip_grad_norm");
  constexpr std::string_view kParameter = "param.";
  for (const auto& [name, tensor] : read_tensors(tensors_path)) {
    if (name == "opt.loss") out.losses = tensor;
    if (name == "opt.grad_norm") out.grad_norms = tensor;
    if (name.starts_with(kParameter))
      out.parameters.emplace(name.substr(kParameter.size()), tensor);
  }
  if (!out.losses.defined() || !out.grad_norms.defined() ||
      out.losses.numel() != out.grad_norms.numel() + 1) {
    fail(ErrorKind::kCorrupt, tensors_path,
         ": expected opt.loss with one value more than opt.grad_norm");
  }
  return out;
}

}  // namespace

ParityDump ParityDump::read(const std::string& path) {
  ParityDump dump;
  dump.tensors_ = read_tensors(path);
  for (size_t i = 0;; ++i) {
    const at::Tensor ids = dump.take(cat("seq", i, ".input_ids"));
    if (!ids.defined()) break;
    if (ids.dim() != 1 || ids.scalar_type() != at::kLong)
      fail(ErrorKind::kCorrupt, path, ": seq", i, ".input_ids must be int64 of one dimension");
    dump.sequences_.push_back(ids);
    if (!dump.names_below(cat("seq", i, ".hidden.")).empty()) dump.traced_ = i;
  }
  if (dump.sequences_.empty())
    fail(ErrorKind::kCorrupt, path, ": no sequences; expected seq0.input_ids and so on");
  const std::string json_path = with_extension(path, ".json");
  if (std::filesystem::exists(json_path)) {
    const Json json = read_json_file(json_path);
    if (json.contains("grad_norm")) dump.grad_norms_ = read_numbers(json["grad_norm"]);
    if (json.contains("bf16")) dump.bf16_ = read_numbers(json["bf16"]);
  }
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const std::string optimizer = (folder / "optimizer.safetensors").string();
  if (std::filesystem::exists(optimizer))
    dump.optimizer_ = read_optimizer(optimizer, with_extension(optimizer, ".json"));
  return dump;
}

at::Tensor ParityDump::take(const std::string& name) {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) return {};
  used_[name] = true;
  return found->second;
}

std::vector<std::string> ParityDump::names_below(const std::string& prefix) const {
  std::vector<std::string> out;
  for (auto entry = tensors_.lower_bound(prefix);
       entry != tensors_.end() && entry->first.starts_with(prefix); ++entry) {
    out.push_back(entry->first.substr(prefix.size()));
  }
  return out;
}

std::vector<std::string> ParityDump::unused() const {
  std::vector<std::string> out;
  for (const auto& [name, tensor] : tensors_) {
    if (!used_.contains(name)) out.push_back(name);
  }
  return out;
}

std::optional<double> ParityDump::grad_norm(const std::string& parameter) const {
  const auto found = grad_norms_.find(parameter);
  if (found == grad_norms_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> ParityDump::grad_norm_names() const {
  std::vector<std::string> out;
  for (const auto& [name, norm] : grad_norms_) out.push_back(name);
  return out;
}

std::optional<double> ParityDump::bf16_figure(const std::string& name) const {
  const auto found = bf16_.find(name);
  if (found == bf16_.end()) return std::nullopt;
  return found->second;
}

}  // namespace lapidary::cli
