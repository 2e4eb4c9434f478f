// lapidary doctor: what this build and this machine can do, one line each.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "base/error.h"
#include "cli/verbs.h"
#include "sandbox/sandbox.h"

namespace lapidary::cli {
namespace {

// Starts one: whether it works here is known only then.
std::string sandbox_text() {
  sandbox::SandboxOptions options;
  options.concurrency = 1;
  try {
    return "usable: " + sandbox::PythonSandbox::create(options)->description();
  } catch (const Error& error) {
    return std::string("not usable: ") + error.what();
  }
}

}  // namespace

void add_doctor(CLI::App& app, int& exit_status) {
  CLI::App* verb = app.add_subcommand("doctor", "Show what this build and this machine can do");
  verb->callback([&exit_status] {
    std::printf("lapidary   %s\n", LAPIDARY_VERSION);
    std::printf("LibTorch   %s\n", TORCH_VERSION);
    std::printf("CPU        %s, %d threads\n", at::get_cpu_capability().c_str(),
                at::get_num_threads());
    std::printf("CUDA       %s\n",
                at::hasCUDA() ? "usable" : "not usable (no CUDA build, driver or device)");
    std::printf("sandbox    %s\n", sandbox_text().c_str());
    exit_status = 0;
  });
}

}  // namespace lapidary::cli
