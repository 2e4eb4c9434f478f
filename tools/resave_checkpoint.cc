// resave_checkpoint FROM TO MAX_SHARD_BYTES [float32|bfloat16|float16]: reads a checkpoint as
// training does and saves it as training does. Prints the peak of memory over the size of the files
// after loading. For checks against other readers (check_with_transformers.py).
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/error.h"
#include "model/gemma4/hf_weights.h"
#include "tensor/dtype.h"

namespace lapidary {
namespace {

// VmHWM of /proc/self/status in bytes: the most that was resident at once.
double peak_bytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  double kilobytes = 0;
  while (status >> word) {
    if (word == "VmHWM:") status >> kilobytes;
  }
  return kilobytes * 1024;
}

void resave(const std::string& from, const std::string& to, uint64_t max_shard_bytes,
            const std::string& dtype) {
  model::Gemma4Config config = model::Gemma4Config::read(from);
  const model::OpenedWeights weights = model::open_weights(config, from);
  const double before = peak_bytes();
  std::vector<checkpoint::NamedTensor> tensors;
  for (const model::ExpectedTensor& tensor : expected_tensors(config))
    tensors.push_back({tensor.name, weights.files->load(weights.match.prefix + tensor.name),
                       dtype.empty() ? c10::ScalarType::Undefined : dtype_from_name(dtype)});
  const double file_bytes = static_cast<double>(weights.files->file_bytes());
  const double ratio = (peak_bytes() - before) / file_bytes;
  std::printf("loaded %.1f MB, peak of memory over file size %.3f\n", file_bytes * 1e-6, ratio);
  if (!dtype.empty()) config.dtype = dtype;
  model::SaveWeightsOptions options;
  options.source = &weights;
  options.max_shard_bytes = max_shard_bytes;
  save_weights(to, config, tensors, options);
}

}  // namespace
}  // namespace lapidary

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: resave_checkpoint FROM TO MAX_SHARD_BYTES [DTYPE]\n");
    return 2;
  }
  try {
    lapidary::resave(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10),
                     argc > 4 ? argv[4] : "");
    return 0;
  } catch (const lapidary::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return lapidary::exit_status(error.kind());
  }
}
