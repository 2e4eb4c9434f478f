// Runs every case of an oracle file through its lapidary-check kind and compares with what the file
// expects: `right` where it is given, |a - b| <= 1e-4 max(1, |a|, |b|) for numbers, else equality.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "base/json.h"
#include "base/text.h"
#include "support/paths.h"

namespace lapidary::test {

constexpr double kOracleTolerance = 1e-4;

inline Json oracle_cases(const std::string& name) {
  return read_json_file(project_path("tests/data/rl-oracles/" + name + ".json"));
}

inline double oracle_number(const Json& value) {
  if (value.is_string()) {
    const auto text = value.get<std::string>();
    return text == "inf" ? HUGE_VAL : text == "-inf" ? -HUGE_VAL : std::nan("");
  }
  return value.get<double>();
}

inline bool is_oracle_number(const Json& value) {
  return value.is_number() || value == "inf" || value == "-inf" || value == "nan";
}

// The first difference as text, or "". Fields that `expected` lacks are not looked at.
inline std::string difference(const Json& found, const Json& expected, double tolerance,
                              const std::string& where = "") {
  if (expected.is_object()) {
    for (const auto& item : expected.items()) {
      if (!found.is_object() || !found.contains(item.key())) {
        return cat(where, "/", item.key(), " is missing");
      }
      const std::string inner =
          difference(found[item.key()], item.value(), tolerance, cat(where, "/", item.key()));
      if (!inner.empty()) {
        return inner;
      }
    }
    return "";
  }
  if (expected.is_array()) {
    if (!found.is_array() || found.size() != expected.size()) {
      return cat(where, ": found ", dump_json(found), ", expected ", dump_json(expected));
    }
    for (size_t i = 0; i < expected.size(); ++i) {
      const std::string inner = difference(found[i], expected[i], tolerance, cat(where, "/", i));
      if (!inner.empty()) {
        return inner;
      }
    }
    return "";
  }
  if (is_oracle_number(expected) && is_oracle_number(found) && !expected.is_number_integer()) {
    const double a = oracle_number(found);
    const double b = oracle_number(expected);
    const bool is_same = a == b || (std::isnan(a) && std::isnan(b)) ||
                         std::abs(a - b) <= tolerance * std::max({1.0, std::abs(a), std::abs(b)});
    return is_same ? ""
                   : cat(where, ": found ", dump_json(found), ", expected ", dump_json(expected));
  }
  return found == expected
             ? ""
             : cat(where, ": found ", dump_json(found), ", expected ", dump_json(expected));
}

// `expected` with `right` laid over it. A `right` that is a list stands for `rewards`.
inline Json right_values(Json expected) {
  if (!expected.is_object() || !expected.contains("right")) {
    return expected;
  }
  const Json right = expected["right"];
  expected.erase("right");
  expected.erase("error");
  if (right.is_array()) {
    expected["rewards"] = right;
    return expected;
  }
  for (const auto& item : right.items()) {
    if (item.value().is_object() && expected.contains(item.key())) {
      expected[item.key()].erase("error");
    }
  }
  expected.merge_patch(right);
  return expected;
}

using Evaluate = Json (*)(const JsonObject& test_case);
// What a case must give, after right_values; a place for decided cases.
using Adjust = std::function<Json(const Json& test_case, Json expected)>;
using Tolerance = std::function<double(const Json& test_case)>;

// Every case must pass; the number of cases guards against a file that lost some.
inline void expect_oracle(const std::string& name, size_t num_cases, const Evaluate& evaluate,
                          const Adjust& adjust = nullptr, const Tolerance& tolerance = nullptr) {
  const Json cases = oracle_cases(name);
  EXPECT_EQ(cases.size(), num_cases) << name;
  size_t passed = 0;
  for (const Json& test_case : cases) {
    const auto id = test_case["id"].get<std::string>();
    Json expected = right_values(test_case["expected"]);
    if (adjust) {
      expected = adjust(test_case, std::move(expected));
    }
    std::string found_difference;
    try {
      found_difference = difference(evaluate(JsonObject(test_case, id)), expected,
                                    tolerance ? tolerance(test_case) : kOracleTolerance);
    } catch (const std::exception& error) {
      found_difference = cat("threw: ", error.what());
    }
    EXPECT_EQ(found_difference, "") << id;
    passed += found_difference.empty() ? 1 : 0;
  }
  ::testing::Test::RecordProperty(name + "_passed", cat(passed, " of ", cases.size()));
}

}  // namespace lapidary::test
