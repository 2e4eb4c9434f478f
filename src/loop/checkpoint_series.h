// The checkpoints of a run: FOLDER/iter_0000010 is a Hugging Face checkpoint after ten rollouts,
// with train_state/ beside its weights; FOLDER/latest holds the name of the newest.
//
// A checkpoint is filled under another name and renamed when it is whole, so that at every moment
// each iter_* folder can be loaded. `latest` follows; the newest folder counts if it does not.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "model/gemma4/hf_weights.h"
#include "model/gemma4/model.h"

namespace lapidary::loop {

struct SavedModel {
  const model::Gemma4Model& model;
  const model::OpenedWeights& source;  // whose side files and other tensors are copied
};

class CheckpointSeries {
 public:
  explicit CheckpointSeries(std::string folder);

  // Makes the folder, tries to write in it and asks for room for one checkpoint. Removes what runs
  // that were killed left half done. Throws Error{kInvalidArgument, kExhausted}.
  void prepare(int64_t bytes_of_one) const;

  std::vector<int64_t> iterations() const;  // of whole checkpoints, ascending
  std::optional<int64_t> newest() const;
  std::string path(int64_t iteration) const;          // FOLDER/iter_0000010
  std::string state_folder(int64_t iteration) const;  // .../train_state

  // `save_trainer` fills the folder it is given, which is renamed with the rest; nullptr: no state
  // of the optimizer. Throws Error{kExhausted, kIo} and leaves nothing half done.
  void save(int64_t iteration, const SavedModel& saved, const Json& run_state,
            const std::function<void(const std::string&)>& save_trainer) const;
  // Throws Error{kNotFound, kCorrupt}.
  Json run_state(int64_t iteration) const;

  // Removes all but the newest `count` and `best`.
  void keep(int64_t count, std::optional<int64_t> best) const;

 private:
  std::string folder_;
};

// A rough upper bound: weights, and master weights and moments in fp32.
int64_t checkpoint_bytes(const model::Gemma4Model& model, bool has_optimizer);

}  // namespace lapidary::loop
