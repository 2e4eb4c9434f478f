// lapidary inspect: what a checkpoint folder holds and what is wrong with it, from headers alone.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/file.h"
#include "cli/inspection.h"
#include "cli/verbs.h"

namespace lapidary::cli {
namespace {

struct InspectFlags {
  std::string folder;
  std::string json;
};

int run_inspect(const InspectFlags& flags) {
  const Inspection inspection = inspect_checkpoint(flags.folder);
  if (flags.json == "-") {
    std::printf("%s\n", dump_json(to_json(inspection), 2).c_str());
  } else {
    if (!flags.json.empty())
      write_file_atomically(flags.json, dump_json(to_json(inspection), 2) + "\n");
    std::printf("%s", to_text(inspection).c_str());
  }
  return inspection.problems.empty() ? 0 : 1;
}

}  // namespace

void add_inspect(CLI::App& app, int& exit_status) {
  CLI::App* verb = app.add_subcommand(
      "inspect", "Show what a checkpoint holds: sizes, layers, tensors, tokenizer, problems");
  auto flags = std::make_shared<InspectFlags>();
  verb->add_option("folder", flags->folder, "Checkpoint folder in Hugging Face layout")->required();
  verb->add_option("--json", flags->json,
                   "Write everything as JSON to this file (-: standard output)");
  verb->callback([flags, &exit_status] { exit_status = run_inspect(*flags); });
}

}  // namespace lapidary::cli
