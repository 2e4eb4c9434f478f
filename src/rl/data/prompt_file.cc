#include "rl/data/prompt_file.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace lapidary::rl {

namespace {

// A bound as the suffix writes it: empty, or digits with at most one minus. False if it is neither.
bool parse_bound(std::string_view text, std::optional<int64_t>& bound) {
  if (text.empty()) {
    return true;
  }
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return false;
  }
  bound = value;
  return true;
}

Dim clamp_bound(int64_t bound, Dim num_rows) {
  return bound < 0 ? std::max<Dim>(bound + num_rows, 0) : std::min<Dim>(bound, num_rows);
}

void check_messages(const Json& messages, const std::string& what) {
  for (const Json& message : messages) {
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string()) {
      fail(ErrorKind::kInvalidArgument, what,
           ": a message must be an object with a text \"role\", found ", json_type(message));
    }
  }
}

Json parse_tools(const Json& found, const std::string& what) {
  Json tools = found;
  if (tools.is_string()) {
    tools = parse_json(tools.get<std::string>(), what);
  }
  if (!tools.is_array()) {
    fail(ErrorKind::kInvalidArgument, what, ": tools must be a list, or JSON text of one, found ",
         json_type(tools));
  }
  return tools;
}

const Json& field(const Json& line, const std::string& key, const std::string& flag,
                  const std::string& what) {
  if (!line.contains(key)) {
    std::vector<std::string> keys;
    for (const auto& item : line.items()) {
      keys.push_back(lapidary::quoted(item.key()));
    }
    fail(ErrorKind::kInvalidArgument, what, ": no field ", lapidary::quoted(key), " (", flag,
         "); the row has ", join(keys, ", ", 12));
  }
  return line[key];
}

Prompt parse_row(const Json& line, Dim number, const PromptFileOptions& options,
                 const std::string& path) {
  const std::string what = cat(path, ":", number);
  Prompt prompt;
  prompt.row = number;
  prompt.content = field(line, options.prompt_key, "--input-key", what);
  if (prompt.content.is_array()) {
    check_messages(prompt.content, what);
  } else if (!prompt.content.is_string()) {
    fail(ErrorKind::kInvalidArgument, what, ": ", lapidary::quoted(options.prompt_key),
         " must be a text or a list of messages, found ", json_type(prompt.content));
  }
  if (options.label_key) {
    prompt.label = field(line, *options.label_key, "--label-key", what);
  }
  if (line.contains(options.metadata_key) && !line[options.metadata_key].is_null()) {
    prompt.metadata = line[options.metadata_key];
    if (!prompt.metadata.is_object()) {
      fail(ErrorKind::kInvalidArgument, what, ": ", lapidary::quoted(options.metadata_key),
           " must be an object, found ", json_type(prompt.metadata));
    }
  }
  if (options.tool_key) {
    prompt.tools = parse_tools(field(line, *options.tool_key, "--tool-key", what), what);
  }
  return prompt;
}

}  // namespace

PromptPath parse_prompt_path(const std::string& argument) {
  const size_t open = argument.rfind("@[");
  if (open == std::string::npos || argument.back() != ']') {
    return {argument, std::nullopt};
  }
  const std::string_view inside =
      std::string_view(argument).substr(open + 2, argument.size() - open - 3);
  const size_t colon = inside.find(':');
  RowSlice slice;
  if (colon == std::string_view::npos || !parse_bound(inside.substr(0, colon), slice.begin) ||
      !parse_bound(inside.substr(colon + 1), slice.end)) {
    return {argument, std::nullopt};
  }
  return {argument.substr(0, open), slice};
}

RowRange selected_rows(const RowSlice& slice, Dim num_rows) {
  const Dim begin = slice.begin ? clamp_bound(*slice.begin, num_rows) : 0;
  const Dim end = slice.end ? clamp_bound(*slice.end, num_rows) : num_rows;
  return {begin, std::max(begin, end)};
}

std::vector<DataLine> read_data_lines(const std::string& path) {
  std::vector<DataLine> lines;
  try {
    for_each_json_line(path, [&](const Json& line, int64_t number) {
      lines.push_back({number, line});
    });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kCorrupt) {
      throw;
    }
    fail(ErrorKind::kInvalidArgument, error.what(),
         "; a row of data is one line that holds a JSON object");
  }
  return lines;
}

std::vector<Prompt> read_prompts(const PromptFileOptions& options) {
  const PromptPath parsed = parse_prompt_path(options.path);
  if (parsed.path.ends_with(".parquet")) {
    fail(ErrorKind::kUnsupported, "reading prompts from ", parsed.path,
         ": parquet is not read; write the rows as JSON lines (.jsonl)");
  }
  const std::vector<DataLine> lines = read_data_lines(parsed.path);
  const RowRange rows =
      selected_rows(parsed.slice.value_or(RowSlice{}), static_cast<Dim>(lines.size()));
  if (rows.begin == rows.end) {
    fail(ErrorKind::kInvalidArgument, "reading prompts: ", options.path, " selects none of the ",
         lines.size(), " rows of ", parsed.path);
  }
  std::vector<Prompt> prompts;
  for (Dim row = rows.begin; row < rows.end; ++row) {
    const auto& [number, line] = lines[static_cast<size_t>(row)];
    prompts.push_back(parse_row(line, number, options, parsed.path));
  }
  return prompts;
}

}  // namespace lapidary::rl
