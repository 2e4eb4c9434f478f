// lapidary report RUN_DIR: the run as one self-contained HTML file.
#include "observe/report.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "base/file.h"
#include "cli/verbs.h"

namespace lapidary::cli {

void add_report(CLI::App& app, int& exit_status) {
  struct Flags {
    std::string run_folder;
    std::string output;
    observe::ReportOptions options;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* verb =
      app.add_subcommand("report", "Write a run's curves and trajectories as one HTML file");
  verb->add_option("run_dir", flags->run_folder, "the --run-dir of a run")->required();
  verb->add_option("--output", flags->output,
                   "file to write; '-' is standard output; unset: report.html in the run folder");
  verb->add_option("--max-trajectories", flags->options.max_trajectories,
                   "trajectories inside the file, newest first")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->callback([flags, &exit_status] {
    const std::string page = observe::report_html(flags->run_folder, flags->options);
    if (flags->output == "-") {
      std::fwrite(page.data(), 1, page.size(), stdout);
    } else {
      const std::string path =
          flags->output.empty() ? flags->run_folder + "/report.html" : flags->output;
      write_file_atomically(path, page);
      std::fprintf(stderr, "report: %s\n", path.c_str());
    }
    exit_status = 0;
  });
}

}  // namespace lapidary::cli
