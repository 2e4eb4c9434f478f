#include "loop/non_finite.h"

#include <cstdio>
#include <filesystem>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

namespace lapidary::loop {

namespace {

Json sample_json(const rl::Sample& sample, Dim index) {
  return Json{{"index", index},
              {"rollout_id", sample.rollout_id},
              {"group_id", sample.group_id},
              {"reward", sample.reward},
              {"tokens", sample.tokens},
              {"response_length", sample.response_length},
              {"loss_mask", sample.loss_mask},
              {"advantages", sample.advantages},
              {"rollout_log_probs", sample.rollout_log_probs},
              {"old_log_probs", sample.old_log_probs},
              {"ref_log_probs", sample.ref_log_probs}};
}

std::string dump_samples(const std::string& folder, int64_t step,
                         const std::vector<rl::Sample>& samples, const std::vector<Dim>& members) {
  char name[64];
  std::snprintf(name, sizeof name, "non_finite_step_%07lld.jsonl", static_cast<long long>(step));
  std::string text;
  for (const Dim member : members)
    text += dump_json(sample_json(samples[static_cast<size_t>(member)], member)) + "\n";
  std::filesystem::create_directories(folder);
  const std::string path = (std::filesystem::path(folder) / name).string();
  write_file_atomically(path, text);
  return path;
}

}  // namespace

void report_non_finite(const NonFiniteSettings& settings, int64_t step,
                       const train::UpdateResult& result, const std::vector<rl::Sample>& samples,
                       const std::vector<Dim>& members) {
  const std::string path = dump_samples(settings.folder, step, samples, members);
  const std::string what = cat(
      "optimizer step ", step, ": ", result.first_non_finite, " is not finite (loss ", result.loss,
      ", gradient norm ", result.grad_norm, "); its ", members.size(), " samples are in ", path);
  if (settings.policy == NonFinitePolicy::kSkip) {
    log_warning(what + "; the step is left out");
    return;
  }
  fail(
      ErrorKind::kCorrupt, what,
      ". No weight was changed by it. Lower --lr, check the rewards and log-probs in that file, or "
      "go on without such steps by --non-finite skip");
}

}  // namespace lapidary::loop
