#include "rl/metrics/statistics.h"

#include <zlib.h>

#include <algorithm>
#include <map>

#include "base/check.h"
#include "rl/text/python_text.h"

namespace lapidary::rl {

namespace {

constexpr size_t kJudgedCharacters = 10000;
constexpr double kRepetitiveRatio = 10.0;

double pass_at(Dim answers, Dim passes, Dim drawn) {
  if (answers - passes < drawn) {
    return 1.0;
  }
  double all_fail = 1.0;
  for (Dim i = answers - passes + 1; i <= answers; ++i) {
    all_fail *= 1.0 - static_cast<double>(drawn) / static_cast<double>(i);
  }
  return 1.0 - all_fail;
}

}  // namespace

Statistics statistics(std::span<const double> values) {
  LAPIDARY_CHECK(!values.empty(), "statistics of nothing");
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  Statistics out;
  for (const double value : values) {
    out.mean += value;
  }
  out.mean /= static_cast<double>(values.size());
  const size_t middle = sorted.size() / 2;
  out.median = sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  out.max = sorted.back();
  out.min = sorted.front();
  return out;
}

void append_statistics(NamedValues& out, const std::string& prefix,
                       std::span<const double> values) {
  const Statistics found = statistics(values);
  out.emplace_back(prefix + "/mean", found.mean);
  out.emplace_back(prefix + "/median", found.median);
  out.emplace_back(prefix + "/max", found.max);
  out.emplace_back(prefix + "/min", found.min);
}

NamedValues pass_rates(std::span<const double> rewards, std::span<const Dim> group_ids,
                       Dim group_size) {
  LAPIDARY_CHECK(rewards.size() == group_ids.size(), rewards.size(), " rewards, ", group_ids.size(),
                 " group ids");
  struct Tally {
    Dim answers = 0;
    Dim passes = 0;
  };
  std::map<Dim, Tally> groups;
  for (size_t i = 0; i < rewards.size(); ++i) {
    Tally& tally = groups[group_ids[i]];
    ++tally.answers;
    tally.passes += rewards[i] == 1.0 ? 1 : 0;
  }
  NamedValues out;
  for (Dim drawn = 1; group_size > 1 && drawn <= group_size; drawn *= 2) {
    double sum = 0;
    Dim counted = 0;
    for (const auto& [id, tally] : groups) {
      if (tally.answers >= drawn) {
        sum += pass_at(tally.answers, tally.passes, drawn);
        ++counted;
      }
    }
    if (counted > 0) {
      out.emplace_back(cat("pass@", drawn), sum / static_cast<double>(counted));
    }
  }
  return out;
}

bool is_repetitive(const std::string& text) {
  const Text characters = decode_utf8(text);
  if (characters.size() <= kJudgedCharacters) {
    return false;
  }
  const std::string judged = encode_utf8(last_characters(characters, kJudgedCharacters));
  uLongf compressed = compressBound(static_cast<uLong>(judged.size()));
  std::vector<Bytef> buffer(compressed);
  const int status =
      compress2(buffer.data(), &compressed, reinterpret_cast<const Bytef*>(judged.data()),
                static_cast<uLong>(judged.size()), Z_BEST_COMPRESSION);
  LAPIDARY_CHECK(status == Z_OK, "zlib: compressing ", judged.size(), " bytes gave ", status);
  return static_cast<double>(judged.size()) / static_cast<double>(compressed) > kRepetitiveRatio;
}

}  // namespace lapidary::rl
