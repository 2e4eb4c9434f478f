// lapidary parity: this model beside the values that another implementation computed.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/model_loading.h"
#include "cli/parity_checks.h"
#include "cli/parity_comparison.h"
#include "cli/parity_dump.h"
#include "cli/verbs.h"
#include "model/gemma4/model.h"
#include "tensor/dtype.h"

namespace lapidary::cli {

namespace {

// Megatron's names; a value above 1 needs more than one rank.
struct Layout {
  int tensor = 1;
  int pipeline = 1;
  int context = 1;
  int expert = 1;
  int expert_tensor = 1;
  int first_pipeline_layers = 0;
  int last_pipeline_layers = 0;
  int local_ranks = 1;
  bool sequence_parallel = false;
  bool distributed_optimizer = false;
};

struct ParityFlags {
  ModelFlags model;
  std::string expected;
  std::string json_path;
  int64_t micro_batch_size = 0;
  int64_t max_tokens = 0;
  std::string recompute;
  Layout layout;
};

void add_layout_flags(CLI::App& verb, Layout& layout) {
  const auto degree = [&verb](const char* name, int& value, const char* help) {
    verb.add_option(name, value, help)->check(CLI::PositiveNumber)->capture_default_str();
  };
  degree("--tensor-model-parallel-size", layout.tensor, "Ranks that share each matrix");
  degree("--pipeline-model-parallel-size", layout.pipeline, "Ranks that share the layers");
  degree("--context-parallel-size", layout.context, "Ranks that share each sequence");
  degree("--expert-model-parallel-size", layout.expert, "Ranks that share the experts");
  degree("--expert-tensor-parallel-size", layout.expert_tensor, "Ranks that share each expert");
  degree("--decoder-first-pipeline-num-layers", layout.first_pipeline_layers,
         "Layers of the first pipeline stage");
  degree("--decoder-last-pipeline-num-layers", layout.last_pipeline_layers,
         "Layers of the last pipeline stage");
  degree("--local-ranks", layout.local_ranks, "Ranks as threads of this process");
  verb.add_flag("--sequence-parallel", layout.sequence_parallel,
                "Share norms over the tensor ranks (no effect with one)");
  verb.add_flag("--use-distributed-optimizer", layout.distributed_optimizer,
                "Share the optimizer's state over the data ranks (no effect with one)");
}

void require_single_rank(const Layout& layout) {
  std::vector<std::string> asked;
  const auto note = [&asked](const char* flag, int value, int single) {
    if (value != single) asked.push_back(cat(flag, " ", value));
  };
  note("--tensor-model-parallel-size", layout.tensor, 1);
  note("--pipeline-model-parallel-size", layout.pipeline, 1);
  note("--context-parallel-size", layout.context, 1);
  note("--expert-model-parallel-size", layout.expert, 1);
  note("--expert-tensor-parallel-size", layout.expert_tensor, 1);
  note("--decoder-first-pipeline-num-layers", layout.first_pipeline_layers, 0);
  note("--decoder-last-pipeline-num-layers", layout.last_pipeline_layers, 0);
  note("--local-ranks", layout.local_ranks, 1);
  if (!asked.empty()) {
    fail(ErrorKind::kUnsupported, "parity: ", join(asked),
         " needs more than one rank; this version computes on a single rank, leave the flag out");
  }
}

Json layout_json(const Layout& layout) {
  return {{"tensor_model_parallel_size", layout.tensor},
          {"pipeline_model_parallel_size", layout.pipeline},
          {"context_parallel_size", layout.context},
          {"expert_model_parallel_size", layout.expert},
          {"expert_tensor_parallel_size", layout.expert_tensor},
          {"sequence_parallel", layout.sequence_parallel},
          {"use_distributed_optimizer", layout.distributed_optimizer}};
}

Json report(const ParityFlags& flags, const model::Gemma4Model& model, const ParityDump& dump,
            const Comparison& comparison) {
  const Check* first = comparison.first_failed();
  Json out{{"pass", comparison.pass()},           {"world_size", 1},
           {"device", model.device().str()},      {"dtype", dtype_name(model.dtype())},
           {"layout", layout_json(flags.layout)}, {"checks", comparison.to_json()},
           {"first_difference", nullptr},         {"not_compared", dump.unused()}};
  if (first != nullptr) out["first_difference"] = cat(first->name, ": ", first->difference);
  return out;
}

void print(const ParityFlags& flags, const Json& json, const Comparison& comparison) {
  if (flags.json_path == "-") {
    std::printf("%s\n", dump_json(json, 2).c_str());
    return;
  }
  if (!flags.json_path.empty()) write_file_atomically(flags.json_path, dump_json(json, 2) + "\n");
  std::printf("%s", comparison.to_table().c_str());
  if (const Check* first = comparison.first_failed())
    std::printf("first difference: %s: %s\n", first->name.c_str(), first->difference.c_str());
  std::printf("%s\n", comparison.pass() ? "pass" : "FAILED");
}

// True when everything agrees.
bool run(const ParityFlags& flags) {
  require_single_rank(flags.layout);
  ParityDump dump = ParityDump::read(flags.expected);
  model::Gemma4Model model = load_model(flags.model, model::Gemma4Config::read(flags.model.folder));
  const BatchOptions batching{
      .max_sequences = flags.micro_batch_size,
      .max_tokens = flags.max_tokens,
      .recompute = flags.recompute == "full" ? model::Recompute::kLayers : model::Recompute::kNone};
  Comparison comparison;
  if (model.dtype() == c10::ScalarType::Float) {
    check_forward(model, dump, comparison);
    check_gradients(model, dump, batching, comparison);
    check_generation(model, dump, comparison);
    check_optimizer(model, dump, batching, comparison);
    const std::vector<std::string> unused = dump.unused();
    if (!unused.empty())
      log_warning(cat("parity: not compared, unknown here: ", join(unused, ", ", 8)));
  } else {
    check_reduced_precision(model, dump, comparison);
  }
  print(flags, report(flags, model, dump, comparison), comparison);
  return comparison.pass();
}

}  // namespace

void add_parity(CLI::App& app, int& exit_status) {
  CLI::App* verb =
      app.add_subcommand("parity", "Compare the model with values dumped from Hugging Face");
  const auto flags = std::make_shared<ParityFlags>();
  add_model_flags(*verb, flags->model);
  flags->model.dtype = "float32";  // what dumps hold
  verb->add_option("--expected", flags->expected,
                   "expected.safetensors; expected.json and optimizer.* beside it are read too")
      ->required();
  verb->add_option("--json", flags->json_path, "Write the result there (- for standard output)");
  verb->add_option("--micro-batch-size", flags->micro_batch_size,
                   "Sequences in one packed batch of the gradient checks")
      ->check(CLI::PositiveNumber);
  verb->add_option("--max-tokens-per-gpu", flags->max_tokens,
                   "Tokens in one packed batch of the gradient checks")
      ->check(CLI::PositiveNumber);
  verb->add_option("--recompute-granularity", flags->recompute,
                   "full: run each layer again in backward; selective: nothing more to save here")
      ->check(CLI::IsMember({"full", "selective"}));
  add_layout_flags(*verb, flags->layout);
  verb->callback([flags, &exit_status] { exit_status = run(*flags) ? 0 : 1; });
}

}  // namespace lapidary::cli
