#include "observe/report.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "report_assets.h"

namespace lapidary::observe {
namespace {

// Each line's value; the last line may be torn when the run was killed.
std::vector<Json> read_lines(const std::string& path) {
  const std::string text = read_file(path);
  std::vector<Json> out;
  size_t begin = 0;
  for (int64_t number = 1; begin < text.size(); ++number) {
    const size_t end = text.find('\n', begin);
    const bool is_torn = end == std::string::npos;
    const std::string line = text.substr(begin, is_torn ? end : end - begin);
    begin = is_torn ? text.size() : end + 1;
    if (line.empty()) continue;
    try {
      out.push_back(parse_json(line, cat(path, " line ", number)));
    } catch (const Error&) {
      if (!is_torn) throw;
    }
  }
  return out;
}

std::vector<std::string> rollout_files(const std::filesystem::path& folder) {
  std::vector<std::string> out;
  if (!std::filesystem::is_directory(folder)) return out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".jsonl") out.push_back(entry.path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

// "</script" inside a string would end the element that holds the data.
std::string inside_script(std::string json) {
  for (size_t at = json.find("</"); at != std::string::npos; at = json.find("</", at + 3)) {
    json.replace(at, 2, "<\\/");
  }
  return json;
}

void replace(std::string& text, std::string_view mark, std::string_view value) {
  const size_t at = text.find(mark);
  LAPIDARY_CHECK(at != std::string::npos, "the report's page has no ", mark);
  text.replace(at, mark.size(), value);
}

}  // namespace

std::string report_html(const std::string& run_folder, const ReportOptions& options) {
  const std::filesystem::path folder(run_folder);
  const std::string metrics_path = (folder / "metrics.jsonl").string();
  if (!std::filesystem::exists(metrics_path)) {
    fail(ErrorKind::kNotFound, "cannot report on ", run_folder,
         ": it holds no metrics.jsonl; name the --run-dir of a run");
  }
  const std::vector<std::string> files = rollout_files(folder / "rollouts");
  Json trajectories = Json::array();
  int64_t left_out = 0;
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    for (Json& trajectory : read_lines(*file)) {
      if (static_cast<int64_t>(trajectories.size()) < options.max_trajectories) {
        trajectories.push_back(std::move(trajectory));
      } else {
        ++left_out;
      }
    }
  }
  const std::string name = std::filesystem::absolute(folder).lexically_normal().filename().string();
  const Json data = {{"run", name.empty() ? run_folder : name},
                     {"metrics", read_lines(metrics_path)},
                     {"trajectories", std::move(trajectories)},
                     {"left_out", left_out}};
  std::string page(report_assets::asset("report.html"));
  replace(page, "@CSS@", report_assets::asset("report.css"));
  replace(page, "@JS@", report_assets::asset("report.js"));
  replace(page, "@DATA@", inside_script(dump_json(data)));
  return page;
}

}  // namespace lapidary::observe
