#include "train/parameter_selection.h"

#include <regex>

#include "base/check.h"

namespace lapidary::train {

namespace {

// The patterns of one flag, compiled.
class Patterns {
 public:
  Patterns(const std::string& flag, const std::vector<std::string>& patterns)
      : flag_(flag), texts_(patterns), hits_(patterns.size(), 0) {
    for (const std::string& text : texts_) {
      try {
        compiled_.emplace_back(text, std::regex::ECMAScript);
      } catch (const std::regex_error& error) {
        fail(ErrorKind::kInvalidArgument, flag_, ": '", text,
             "' is no regular expression: ", error.what());
      }
    }
  }

  bool match(const std::string& name) {
    bool found = false;
    for (size_t i = 0; i < compiled_.size(); ++i) {
      if (!std::regex_search(name, compiled_[i])) continue;
      ++hits_[i];
      found = true;
    }
    return found;
  }

  void require_hits(const std::string& example) const {
    for (size_t i = 0; i < hits_.size(); ++i) {
      if (hits_[i] > 0) continue;
      fail(ErrorKind::kInvalidArgument, flag_, ": no parameter matches '", texts_[i],
           "'; names are the checkpoint's, such as '", example,
           "' ('lapidary inspect' lists them)");
    }
  }

 private:
  std::string flag_;
  std::vector<std::string> texts_;
  std::vector<std::regex> compiled_;
  std::vector<int64_t> hits_;
};

}  // namespace

std::vector<model::Parameter> select_parameters(const model::Gemma4Model& model,
                                                const ParameterPatterns& patterns) {
  if (!patterns.frozen.empty() && !patterns.trainable.empty()) {
    fail(
        ErrorKind::kInvalidArgument,
        "--freeze-params-name-list and --only-train-params-name-list exclude each other; give one");
  }
  Patterns frozen("--freeze-params-name-list", patterns.frozen);
  Patterns trainable("--only-train-params-name-list", patterns.trainable);
  std::vector<model::Parameter> out;
  std::string example;
  for (const model::Parameter& parameter : model.parameters()) {
    if (!parameter.is_trainable()) continue;
    example = parameter.name;
    const bool is_frozen = frozen.match(parameter.name);
    const bool is_named = trainable.match(parameter.name);
    if (!is_frozen && (patterns.trainable.empty() || is_named)) out.push_back(parameter);
  }
  frozen.require_hits(example);
  trainable.require_hits(example);
  if (out.empty()) {
    fail(ErrorKind::kInvalidArgument,
         "--freeze-params-name-list matches every parameter: nothing is left to train");
  }
  return out;
}

}  // namespace lapidary::train
