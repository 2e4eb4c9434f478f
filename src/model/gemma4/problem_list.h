// What is wrong with a config, collected so that all of it can be said at once. A field that
// already has a problem gets no second one that only follows from the first.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace lapidary::model {

struct Gemma4Config;

class ProblemList {
 public:
  // `prefix` stands in front of every field in the texts: "text_config.".
  explicit ProblemList(std::string prefix = "") : prefix_(std::move(prefix)) {}

  // "field: parts.."; no-op when the field has a problem already.
  template <typename... Parts>
  void invalid(const std::string& field, const Parts&... parts) {
    add(ErrorKind::kInvalidArgument, field, cat(parts...));
  }
  template <typename... Parts>
  void unsupported(const std::string& field, const Parts&... parts) {
    add(ErrorKind::kUnsupported, field, cat(parts...));
  }

  bool has(const std::string& field) const { return fields_.contains(field); }
  bool empty() const { return texts_.empty(); }

  void append(const ProblemList& other) {
    for (const auto& [kind, text] : other.texts_) texts_.emplace_back(kind, text);
  }

  // Throws one Error that lists everything, kUnsupported only if nothing is plainly invalid.
  void throw_if_any(const std::string& what) const {
    if (empty()) return;
    ErrorKind kind = ErrorKind::kUnsupported;
    std::vector<std::string> lines;
    for (const auto& [each_kind, text] : texts_) {
      if (each_kind != kind) kind = ErrorKind::kInvalidArgument;
      lines.push_back(text);
    }
    throw Error(kind, what + ": " + (lines.size() > 1 ? "\n  " : "") + join(lines, "\n  ", 50));
  }

 private:
  void add(ErrorKind kind, const std::string& field, const std::string& text) {
    if (fields_.insert(field).second) texts_.emplace_back(kind, prefix_ + field + ": " + text);
  }

  std::string prefix_;
  std::set<std::string> fields_;
  std::vector<std::pair<ErrorKind, std::string>> texts_;
};

// Adds what is wrong with the values and their combinations. Defined in config.cc.
void collect_problems(const Gemma4Config& config, ProblemList& problems);

}  // namespace lapidary::model
