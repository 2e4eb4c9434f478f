#include "cli/run_records.h"

#include <array>
#include <ctime>
#include <filesystem>

namespace lapidary::cli {
namespace {

namespace fs = std::filesystem;

std::string default_run_folder() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), "runs/%Y%m%d-%H%M%S", &local);
  return text.data();
}

}  // namespace

loop::RecorderOptions recorder_options(const FlagSet& flags, const ResumePoint& start,
                                       const Json& state) {
  loop::RecorderOptions out;
  out.folder = flags.get_string("--run-dir");
  out.has_tensorboard = flags.get_bool("--use-tensorboard");
  out.tensorboard_folder = flags.get_string("--tensorboard-dir");
  out.may_replace = start.asked_to_resume && !start.iteration;
  if (start.iteration) {
    const JsonObject saved(state, start.state_folder);
    const std::string folder = saved.get_string("run_folder");
    if (out.folder.empty()) out.folder = folder;
    std::error_code ignored;
    if (fs::exists(folder, ignored) && fs::equivalent(folder, out.folder, ignored)) {
      out.may_replace = true;
      out.kept_rows = saved.get_int("metric_rows");
      out.kept_rollouts = saved.get_int("rollouts_done");
    }
  }
  if (out.folder.empty()) out.folder = default_run_folder();
  out.folder = fs::absolute(out.folder).lexically_normal().string();
  return out;
}

}  // namespace lapidary::cli
