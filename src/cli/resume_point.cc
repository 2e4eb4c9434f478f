#include "cli/resume_point.h"

#include <filesystem>

#include "base/check.h"
#include "base/log.h"
#include "loop/checkpoint_series.h"

namespace lapidary::cli {
namespace {

namespace fs = std::filesystem;

bool is_model_folder(const std::string& folder) {
  return fs::exists(folder + "/config.json");
}

// "save/iter_0000010/" -> 10, where it has the state of a run.
std::optional<int64_t> iteration_of(const fs::path& folder) {
  if (!fs::exists(folder / "train_state" / "run.json")) return {};
  const std::string name = folder.filename().string();
  const loop::CheckpointSeries series(folder.parent_path().string());
  for (const int64_t iteration : series.iterations()) {
    if (fs::path(series.path(iteration)).filename() == name) return iteration;
  }
  return {};
}

}  // namespace

ResumePoint find_resume_point(const FlagSet& flags) {
  ResumePoint out;
  const std::string start = flags.get_string("--hf-checkpoint");
  const std::string load = flags.get_string("--load");
  out.asked_to_resume = !load.empty();
  if (start.empty() && load.empty()) {
    fail(ErrorKind::kInvalidArgument, "--hf-checkpoint FOLDER is needed: the model to start from");
  }
  out.weights_folder = start;
  if (!load.empty()) {
    const fs::path folder = fs::path(load + "/").lexically_normal().parent_path();
    const std::optional<int64_t> one = iteration_of(folder);
    const loop::CheckpointSeries series(one ? folder.parent_path().string() : load);
    const std::optional<int64_t> iteration = one ? one : series.newest();
    if (iteration) {
      out.weights_folder = series.path(*iteration);
      if (!flags.get_bool("--finetune")) {
        out.iteration = iteration;
        out.state_folder = series.state_folder(*iteration);
      }
    } else if (is_model_folder(load)) {
      out.weights_folder = load;
    } else if (start.empty()) {
      fail(ErrorKind::kNotFound, "--load ", load,
           " holds no checkpoint; give --hf-checkpoint to start from");
    } else {
      log_info(cat("--load ", load, " holds no checkpoint yet: starting from ", start));
    }
  }
  if (!is_model_folder(out.weights_folder)) {
    fail(ErrorKind::kNotFound, "--hf-checkpoint ", out.weights_folder,
         " is no checkpoint folder: it has no config.json");
  }
  out.text_folder = start.empty() ? out.weights_folder : start;
  return out;
}

void check_save_folder(const FlagSet& flags, const ResumePoint& point) {
  const std::string save = flags.get_string("--save");
  if (save.empty()) return;
  const std::optional<int64_t> newest = loop::CheckpointSeries(save).newest();
  if (!newest || *newest <= point.iteration.value_or(0)) return;
  if (point.iteration) {
    fail(ErrorKind::kInvalidArgument, "--save ", save, " holds iter ", *newest,
         ", newer than the one that --load names; remove it or name another folder");
  }
  fail(ErrorKind::kInvalidArgument, "--save ", save,
       " holds checkpoints of an earlier run; add --load ", save,
       " to go on with it, or name another folder");
}

}  // namespace lapidary::cli
