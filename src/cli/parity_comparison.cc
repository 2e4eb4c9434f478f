#include "cli/parity_comparison.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "base/text.h"

namespace lapidary::cli {

namespace {

using Measure = Tolerance::Measure;

std::string figure(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

std::string shape_of(const at::Tensor& tensor) {
  return shape_text({tensor.sizes().data(), tensor.sizes().size()});
}

// [row, column, ..] of a place in a flattened tensor.
std::string place_text(const at::Tensor& tensor, int64_t flat) {
  std::vector<int64_t> place(static_cast<size_t>(tensor.dim()));
  for (int64_t dim = tensor.dim() - 1; dim >= 0; --dim) {
    place[static_cast<size_t>(dim)] = flat % tensor.size(dim);
    flat /= tensor.size(dim);
  }
  return shape_text(place);
}

// NaN compares as false and so is no pass.
bool is_accepted(const Check& check) {
  switch (check.tolerance.measure) {
    case Measure::kAbsolute:
      return check.max_abs <= check.tolerance.limit;
    case Measure::kRelative:
      return check.max_rel <= check.tolerance.limit;
    case Measure::kExact:
      return check.max_abs == 0.0;
    case Measure::kReported:
      return true;
  }
  return false;
}

const char* measure_name(Measure measure) {
  switch (measure) {
    case Measure::kAbsolute:
      return "max_abs";
    case Measure::kRelative:
      return "max_rel";
    case Measure::kExact:
      return "exact";
    case Measure::kReported:
      return "reported";
  }
  return "";
}

// JSON has no NaN or infinity.
Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

}  // namespace

void Comparison::compare(const std::string& kind, const std::string& name, const at::Tensor& found,
                         const at::Tensor& expected, const Tolerance& tolerance) {
  if (!found.defined()) return fail_check(kind, name, "no such value here");
  if (found.sizes() != expected.sizes()) {
    return fail_check(kind, name,
                      cat("shape ", shape_of(found), ", expected ", shape_of(expected)));
  }
  Check check;
  check.kind = kind;
  check.name = name;
  check.tolerance = tolerance;
  if (expected.numel() > 0) {
    const at::Tensor have = found.detach().cpu().to(at::kDouble);
    const at::Tensor want = expected.detach().cpu().to(at::kDouble);
    const at::Tensor differences = have.sub(want).abs().flatten();
    const double scale =
        tolerance.scale > 0.0 ? tolerance.scale : want.abs().max().item().toDouble();
    check.max_abs = differences.max().item().toDouble();
    check.max_rel = check.max_abs == 0.0 ? 0.0 : check.max_abs / scale;
    const int64_t worst = differences.argmax().item().toLong();
    check.difference = cat("largest at ", place_text(expected, worst), ": ",
                           figure(have.flatten()[worst].item().toDouble()), ", expected ",
                           figure(want.flatten()[worst].item().toDouble()));
  }
  check.pass = is_accepted(check);
  if (check.pass) check.difference.clear();
  checks_.push_back(std::move(check));
}

void Comparison::compare(const std::string& kind, const std::string& name, double found,
                         double expected, const Tolerance& tolerance) {
  Check check;
  check.kind = kind;
  check.name = name;
  check.tolerance = tolerance;
  check.max_abs = std::abs(found - expected);
  const double scale = tolerance.scale > 0.0 ? tolerance.scale : std::abs(expected);
  check.max_rel = scale > 0.0 ? check.max_abs / scale : check.max_abs;
  check.pass = is_accepted(check);
  if (!check.pass) check.difference = cat(figure(found), ", expected ", figure(expected));
  checks_.push_back(std::move(check));
}

void Comparison::fail_check(const std::string& kind, const std::string& name,
                            const std::string& reason) {
  checks_.push_back({.kind = kind,
                     .name = name,
                     .max_abs = std::nan(""),
                     .max_rel = std::nan(""),
                     .tolerance = Tolerance::exact(),
                     .pass = false,
                     .difference = reason});
}

bool Comparison::pass() const {
  return first_failed() == nullptr;
}

const Check* Comparison::first_failed() const {
  const auto failed =
      std::find_if(checks_.begin(), checks_.end(), [](const Check& check) { return !check.pass; });
  return failed == checks_.end() ? nullptr : &*failed;
}

Json Comparison::to_json() const {
  Json list = Json::array();
  for (const Check& check : checks_) {
    Json entry{{"name", check.name},
               {"kind", check.kind},
               {"max_abs", number(check.max_abs)},
               {"max_rel", number(check.max_rel)},
               {"tolerance", check.tolerance.limit},
               {"measure", measure_name(check.tolerance.measure)},
               {"pass", check.pass}};
    if (!check.pass) entry["difference"] = check.difference;
    list.push_back(std::move(entry));
  }
  return list;
}

std::string Comparison::to_table() const {
  struct Row {
    size_t count = 0;
    size_t failed = 0;
    double max_abs = 0.0;
    double max_rel = 0.0;
    Tolerance tolerance;
  };
  std::vector<std::string> kinds;  // in the order of their first check
  std::map<std::string, Row> rows;
  for (const Check& check : checks_) {
    const auto [place, is_new] = rows.try_emplace(check.kind, Row{.tolerance = check.tolerance});
    if (is_new) kinds.push_back(check.kind);
    Row& row = place->second;
    ++row.count;
    if (!check.pass) ++row.failed;
    row.max_abs = std::max(row.max_abs, check.max_abs);
    row.max_rel = std::max(row.max_rel, check.max_rel);
  }
  std::string text =
      "check                      count    max abs    max rel  accepted           \n";
  for (const std::string& kind : kinds) {
    const Row& row = rows.at(kind);
    char line[160];
    std::snprintf(line, sizeof line, "%-26s %5zu %10.2e %10.2e  %-8s %8.1e  %s\n", kind.c_str(),
                  row.count, row.max_abs, row.max_rel, measure_name(row.tolerance.measure),
                  row.tolerance.limit, row.failed == 0 ? "ok" : cat(row.failed, " FAILED").c_str());
    text += line;
  }
  return text;
}

}  // namespace lapidary::cli
