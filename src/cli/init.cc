// lapidary init: a checkpoint with random weights, to train a model of one's own sizes from the
// start. Initial values as Hugging Face's: matrices N(0, initializer_range), vectors ones.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "base/check.h"
#include "base/log.h"
#include "cli/verbs.h"
#include "model/gemma4/hf_names.h"
#include "model/gemma4/hf_weights.h"
#include "model/gemma4/model.h"
#include "tensor/dtype.h"

namespace lapidary::cli {
namespace {

struct InitFlags {
  std::string config;
  std::string tokenizer;
  std::string output;
  std::string dtype;
  uint64_t seed = 0;
};

void run_init(const InitFlags& flags) {
  auto config = model::Gemma4Config::from_json(read_json_file(flags.config), flags.config);
  if (!flags.dtype.empty()) config.dtype = flags.dtype;
  if (config.dtype.empty()) config.dtype = "float32";
  if (!flags.tokenizer.empty() && !std::filesystem::is_directory(flags.tokenizer)) {
    fail(ErrorKind::kNotFound, "--tokenizer ", flags.tokenizer,
         ": no such folder; it is to hold tokenizer.json and what belongs to it");
  }
  const auto model = model::Gemma4Model::random(
      config, flags.seed, {.dtype = dtype_from_name(config.dtype), .device = c10::kCPU});
  const size_t prefix = model::text_prefix(config.layout).size();
  std::vector<checkpoint::NamedTensor> tensors;
  for (const model::Parameter& parameter : model.parameters()) {
    checkpoint::NamedTensor named;
    named.name = parameter.name.substr(prefix);
    named.tensor = parameter.value();
    tensors.push_back(std::move(named));
  }
  model::SaveWeightsOptions options;
  options.side_files_folder = flags.tokenizer;
  model::save_weights(flags.output, config, tensors, options);
  const model::ParameterCounts counts = model::count_parameters(config);
  log_info(cat("wrote ", flags.output, ": ", counts.total, " parameters, ", counts.active,
               " of them active for a token, as ", config.dtype));
}

}  // namespace

void add_init(CLI::App& app, int& exit_status) {
  auto flags = std::make_shared<InitFlags>();
  CLI::App* verb = app.add_subcommand("init", "Make a checkpoint with random weights");
  verb->add_option("--config", flags->config, "A config.json with the sizes of the model")
      ->required();
  verb->add_option("--tokenizer", flags->tokenizer,
                   "Folder from which tokenizer, chat template and generation_config.json are "
                   "copied (default: none)");
  verb->add_option("--output", flags->output, "Folder to make; it must not exist or be empty")
      ->required();
  verb->add_option("--seed", flags->seed, "Same seed, same weights")->capture_default_str();
  verb->add_option("--dtype", flags->dtype, "float32 or bfloat16 (default: the config's)")
      ->check(CLI::IsMember({"float32", "bfloat16"}));
  verb->callback([flags, &exit_status] {
    run_init(*flags);
    exit_status = 0;
  });
}

}  // namespace lapidary::cli
