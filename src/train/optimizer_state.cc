#include "train/optimizer_state.h"

#include <c10/core/GradMode.h>

#include <map>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "checkpoint/safetensors_file.h"
#include "checkpoint/safetensors_writer.h"

namespace lapidary::train {

namespace {

constexpr size_t kListedDifferences = 8;

std::map<std::string, at::Tensor> state_tensors(const std::vector<model::Parameter>& parameters,
                                                const AdamW& optimizer) {
  LAPIDARY_CHECK(parameters.size() == optimizer.slots().size(), "an optimizer of other parameters");
  std::map<std::string, at::Tensor> out;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const AdamW::Slot& slot = optimizer.slots()[i];
    const std::string& name = parameters[i].name;
    out.emplace("moment." + name, slot.moment);
    out.emplace("second_moment." + name, slot.second_moment);
    if (slot.has_own_master()) out.emplace("master." + name, slot.master);
  }
  return out;
}

void require_same(const std::map<std::string, at::Tensor>& expected,
                  const checkpoint::SafetensorsFile& file) {
  std::vector<std::string> differences;
  for (const checkpoint::TensorInfo& found : file.header().tensors()) {
    const auto wanted = expected.find(found.name);
    if (wanted == expected.end()) {
      differences.push_back(cat(found.name, " is not trained in this run"));
    } else if (found.shape != wanted->second.sizes().vec()) {
      differences.push_back(cat(found.name, " has shape ", shape_text(found.shape), " instead of ",
                                shape_text(wanted->second.sizes())));
    }
  }
  for (const auto& [name, tensor] : expected) {
    if (file.header().find(name) == nullptr) differences.push_back(cat(name, " is missing"));
  }
  if (differences.empty()) return;
  fail(ErrorKind::kInvalidArgument, "the optimizer state in ", file.path(),
       " belongs to another set of parameters: ", join(differences, "; ", kListedDifferences),
       "; use the model, dtype and parameter flags it was saved with, or --no-load-optim");
}

}  // namespace

void save_optimizer(const std::string& folder, const std::vector<model::Parameter>& parameters,
                    const AdamW& optimizer, const StepCounts& counts) {
  const c10::NoGradGuard no_grad;
  const std::map<std::string, at::Tensor> tensors = state_tensors(parameters, optimizer);
  std::vector<checkpoint::TensorInfo> infos;
  for (const auto& [name, tensor] : tensors) {
    checkpoint::TensorInfo& info = infos.emplace_back();
    info.name = name;
    info.dtype = checkpoint::StoredDtype::kF32;
    info.shape = tensor.sizes().vec();
  }
  checkpoint::SafetensorsWriter writer(folder + "/optimizer.safetensors", std::move(infos),
                                       {{"format", "pt"}});
  for (const checkpoint::TensorInfo& info : writer.tensors()) {
    const at::Tensor host = tensors.at(info.name).detach().cpu().contiguous();
    writer.append({static_cast<const std::byte*>(host.const_data_ptr()), host.nbytes()});
  }
  writer.finish();
  write_file_atomically(folder + "/optimizer.json",
                        dump_json(Json{{"optimizer", "adamw"},
                                       {"num_steps", counts.num_steps},
                                       {"num_skipped", counts.num_skipped},
                                       {"num_updates", optimizer.num_steps()}},
                                  2) +
                            "\n");
}

StepCounts restore_optimizer(const std::string& folder,
                             const std::vector<model::Parameter>& parameters, AdamW& optimizer) {
  const c10::NoGradGuard no_grad;
  const std::string counts_path = folder + "/optimizer.json";
  const Json json = read_json_file(counts_path);
  const JsonObject object(json, counts_path);
  const StepCounts counts{.num_steps = object.get_int("num_steps"),
                          .num_skipped = object.get_int("num_skipped")};
  const int64_t num_updates = object.get_int("num_updates");
  const auto file = checkpoint::SafetensorsFile::open(folder + "/optimizer.safetensors");
  const std::map<std::string, at::Tensor> tensors = state_tensors(parameters, optimizer);
  require_same(tensors, *file);
  for (const auto& [name, tensor] : tensors) file->copy_into(file->at(name), tensor);
  for (const AdamW::Slot& slot : optimizer.slots()) {
    if (slot.has_own_master()) slot.parameter.copy_(slot.master);
  }
  optimizer.set_num_steps(num_updates);
  return counts;
}

}  // namespace lapidary::train
