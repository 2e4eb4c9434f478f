#include "cli/model_loading.h"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>
#include <limits>

#include "base/check.h"
#include "base/log.h"
#include "checkpoint/hf_checkpoint.h"
#include "tensor/dtype.h"

namespace lapidary::cli {
namespace {

c10::Device resolve_device(const std::string& name) {
  if (name.empty()) return at::hasCUDA() ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU);
  if (name == "cpu") return c10::kCPU;
  if (!at::hasCUDA()) {
    fail(ErrorKind::kInvalidArgument,
         "--device cuda: no usable CUDA device (no CUDA build, driver or device; lapidary doctor "
         "says more); use --device cpu");
  }
  return {c10::kCUDA, 0};
}

// As the embedding is stored: config.json may not say.
c10::ScalarType own_dtype(const checkpoint::HfCheckpoint& checkpoint) {
  for (const checkpoint::TensorInfo& tensor : checkpoint.tensors()) {
    if (!tensor.name.ends_with("embed_tokens.weight")) continue;
    const c10::ScalarType stored = checkpoint::scalar_type(tensor.dtype);
    return stored == c10::kBFloat16 ? stored : c10::kFloat;
  }
  return c10::kFloat;
}

}  // namespace

void add_model_flags(CLI::App& verb, ModelFlags& flags) {
  verb.add_option("--hf-checkpoint", flags.folder, "Checkpoint folder in Hugging Face layout")
      ->required();
  verb.add_option("--device", flags.device, "cpu or cuda (default: cuda if usable)")
      ->check(CLI::IsMember({"cpu", "cuda"}));
  verb.add_option("--dtype", flags.dtype,
                  "float32 or bfloat16 (default: bfloat16 on cuda, the checkpoint's own on cpu)")
      ->check(CLI::IsMember({"float32", "bfloat16"}));
}

model::Gemma4Model load_model(const ModelFlags& flags, const model::Gemma4Config& config) {
  const c10::Device device = resolve_device(flags.device);
  const auto checkpoint = checkpoint::HfCheckpoint::open(flags.folder);
  c10::ScalarType dtype = device.is_cuda() ? c10::kBFloat16 : own_dtype(*checkpoint);
  if (!flags.dtype.empty()) dtype = dtype_from_name(flags.dtype);
  const auto started = std::chrono::steady_clock::now();
  model::Gemma4Model model =
      model::Gemma4Model::load(*checkpoint, config, {.dtype = dtype, .device = device});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  log_info(cat("loaded ", flags.folder, ": ",
               bytes_text(static_cast<double>(checkpoint->file_bytes())), " as ", dtype_name(dtype),
               " on ", device.str(), " in ", took.count(), " s"));
  return model;
}

int64_t available_memory_bytes(c10::Device device) {
  if (!device.is_cpu()) {
    return static_cast<int64_t>(at::accelerator::getMemoryInfo(device.index()).first);
  }
  std::ifstream file("/proc/meminfo");
  std::string name;
  int64_t kib = 0;
  std::string unit;
  while (file >> name >> kib) {
    std::getline(file, unit);
    if (name == "MemAvailable:") return kib * 1024;
  }
  return std::numeric_limits<int64_t>::max();
}

}  // namespace lapidary::cli
