#include "loop/checkpoint_series.h"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "base/check.h"
#include "base/file.h"
#include "checkpoint/staged_folder.h"

namespace lapidary::loop {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "iter_";
constexpr const char* kDeleting = ".deleting.";
constexpr const char* kPartial = ".partial.";
constexpr const char* kRunState = "run.json";

std::string iteration_name(int64_t iteration) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "%s%07lld", kPrefix, static_cast<long long>(iteration));
  return name.data();
}

std::optional<int64_t> parse_iteration(const std::string& name) {
  const std::string prefix = kPrefix;
  if (!name.starts_with(prefix) || name.size() == prefix.size() || name.size() > 20) return {};
  const std::string digits = name.substr(prefix.size());
  if (!std::all_of(digits.begin(), digits.end(),
                   [](unsigned char c) { return std::isdigit(c) != 0; })) {
    return {};
  }
  return std::stoll(digits);
}

bool is_left_by_a_dead_process(const std::string& name) {
  for (const char* mark : {kPartial, kDeleting}) {
    const size_t at = name.rfind(mark);
    if (at == std::string::npos) continue;
    const std::string digits = name.substr(at + std::string(mark).size());
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return false;
    const auto process = static_cast<pid_t>(std::atol(digits.c_str()));
    return process != ::getpid() && ::kill(process, 0) != 0;
  }
  return false;
}

}  // namespace

CheckpointSeries::CheckpointSeries(std::string folder) : folder_(std::move(folder)) {}

void CheckpointSeries::prepare(int64_t bytes_of_one) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error || !fs::is_directory(folder_)) {
    fail(ErrorKind::kInvalidArgument, "--save ", folder_,
         " cannot be made: ", error ? error.message() : "it is no folder");
  }
  const std::string probe = cat(folder_, "/.write-test.", ::getpid());
  try {
    write_file_atomically(probe, "x");
  } catch (const Error& cause) {
    fail(ErrorKind::kInvalidArgument, "--save ", folder_, " cannot be written to: ", cause.what());
  }
  fs::remove(probe, error);
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (is_left_by_a_dead_process(entry.path().filename().string())) {
      fs::remove_all(entry.path(), error);
    }
  }
  const fs::space_info space = fs::space(folder_, error);
  if (!error && space.available < static_cast<uintmax_t>(bytes_of_one)) {
    fail(ErrorKind::kExhausted, "--save ", folder_, ": a checkpoint needs about ",
         bytes_text(static_cast<double>(bytes_of_one)), " and ",
         bytes_text(static_cast<double>(space.available)),
         " are free; make room, name another folder, or leave the optimizer out "
         "(--no-save-optim)");
  }
}

std::vector<int64_t> CheckpointSeries::iterations() const {
  std::vector<int64_t> out;
  if (!fs::is_directory(folder_)) return out;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const auto iteration = parse_iteration(entry.path().filename().string());
    if (iteration && entry.is_directory()) out.push_back(*iteration);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<int64_t> CheckpointSeries::newest() const {
  const std::vector<int64_t> all = iterations();
  if (all.empty()) return {};
  return all.back();
}

std::string CheckpointSeries::path(int64_t iteration) const {
  return cat(folder_, "/", iteration_name(iteration));
}

std::string CheckpointSeries::state_folder(int64_t iteration) const {
  return path(iteration) + "/train_state";
}

void CheckpointSeries::save(int64_t iteration, const SavedModel& saved, const Json& run_state,
                            const std::function<void(const std::string&)>& save_trainer) const {
  checkpoint::StagedFolder staged(path(iteration));
  model::SaveWeightsOptions options;
  options.source = &saved.source;
  model::save_weights(staged.path(), saved.model.config(), saved.model.named_tensors(), options);
  const std::string state = staged.path() + "/train_state";
  std::error_code error;
  fs::create_directory(state, error);
  if (error) fail(ErrorKind::kIo, "cannot create ", state, ": ", error.message());
  if (save_trainer) save_trainer(state);
  write_file_atomically(cat(state, "/", kRunState), dump_json(run_state, 1) + "\n");
  staged.commit();
  write_file_atomically(folder_ + "/latest", iteration_name(iteration) + "\n");
}

Json CheckpointSeries::run_state(int64_t iteration) const {
  return read_json_file(cat(state_folder(iteration), "/", kRunState));
}

void CheckpointSeries::keep(int64_t count, std::optional<int64_t> best) const {
  std::vector<int64_t> all = iterations();
  while (static_cast<int64_t>(all.size()) > count) {
    const int64_t oldest = all.front();
    all.erase(all.begin());
    if (best && oldest == *best) continue;
    const std::string away = cat(path(oldest), kDeleting, ::getpid());
    std::error_code error;
    fs::rename(path(oldest), away, error);
    if (!error) fs::remove_all(away, error);
    if (error) fail(ErrorKind::kIo, "cannot remove ", path(oldest), ": ", error.message());
  }
}

int64_t checkpoint_bytes(const model::Gemma4Model& model, bool has_optimizer) {
  int64_t bytes = int64_t{8} << 20;  // tokenizer, config, state of the run
  for (const checkpoint::NamedTensor& each : model.named_tensors()) {
    bytes += static_cast<int64_t>(each.tensor.nbytes());
    const int64_t copies = each.tensor.scalar_type() == c10::ScalarType::Float ? 2 : 3;
    if (has_optimizer) bytes += copies * each.tensor.numel() * 4;
  }
  return bytes;
}

}  // namespace lapidary::loop
