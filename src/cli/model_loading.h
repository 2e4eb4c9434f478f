// The flags --hf-checkpoint, --device and --dtype, and the model that they name.
#pragma once

#include <string>

#include "model/gemma4/model.h"

namespace CLI {
class App;
}

namespace lapidary::cli {

struct ModelFlags {
  std::string folder;
  std::string device;  // "": cuda where usable, else cpu
  std::string dtype;   // "": bfloat16 on cuda, the checkpoint's own on the cpu (float16 as float32)
};
void add_model_flags(CLI::App& verb, ModelFlags& flags);

// Throws Error{kInvalidArgument} for a device or dtype that cannot be used. Says on standard error
// what was loaded and how long it took.
model::Gemma4Model load_model(const ModelFlags& flags, const model::Gemma4Config& config);

// Bytes that may still be allocated on a device; on the CPU what the system calls available.
int64_t available_memory_bytes(c10::Device device);

}  // namespace lapidary::cli
