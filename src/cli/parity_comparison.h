// Compares tensors with expected ones and keeps the record that `lapidary parity` prints.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "base/json.h"

namespace lapidary::cli {

// How a difference is measured and how much of it is accepted.
struct Tolerance {
  enum class Measure {
    kAbsolute,  // the largest |found - expected|
    kRelative,  // the same over `scale`
    kExact,     // integers: equal
    kReported,  // a figure that is printed and never fails
  };
  Measure measure;
  double limit;
  double scale;  // of kRelative; 0: the largest |expected|

  static Tolerance absolute(double limit) { return {Measure::kAbsolute, limit, 0.0}; }
  static Tolerance relative(double limit, double scale = 0.0) {
    return {Measure::kRelative, limit, scale};
  }
  static Tolerance exact() { return {Measure::kExact, 0.0, 0.0}; }
  static Tolerance reported() { return {Measure::kReported, 0.0, 0.0}; }
};

struct Check {
  std::string kind;  // "logits", "grad", ..: the checks of one kind make one line of the table
  std::string name;  // "seq2.logits"
  double max_abs = 0.0;
  double max_rel = 0.0;  // max_abs over the scale
  Tolerance tolerance;
  bool pass = false;
  std::string difference;  // where the largest difference is, for a failed check
};

class Comparison {
 public:
  // Values of another shape, and differences that are not numbers, fail.
  void compare(const std::string& kind, const std::string& name, const at::Tensor& found,
               const at::Tensor& expected, const Tolerance& tolerance);
  // One number.
  void compare(const std::string& kind, const std::string& name, double found, double expected,
               const Tolerance& tolerance);
  // A check that could not be made.
  void fail_check(const std::string& kind, const std::string& name, const std::string& reason);

  bool pass() const;
  const std::vector<Check>& checks() const { return checks_; }
  const Check* first_failed() const;  // in the order in which they were made

  Json to_json() const;          // the list "checks"
  std::string to_table() const;  // one line a kind: number of checks, worst figures, verdict

 private:
  std::vector<Check> checks_;
};

}  // namespace lapidary::cli
