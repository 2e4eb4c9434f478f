// Prompt data as slime writes it: JSON lines, with fields picked by flags and rows by a suffix.
//
// Example: PromptFileOptions{.path = "train.jsonl@[0:100]", .label_key = "label"} reads the first
// hundred rows of train.jsonl, the prompt from the field "input".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rl/record/prompt.h"

namespace lapidary::rl {

// Python's slice bounds: negative counts from the end, none is open.
struct RowSlice {
  std::optional<int64_t> begin;
  std::optional<int64_t> end;
};

struct PromptPath {
  std::string path;
  std::optional<RowSlice> slice;
};

// "data.jsonl@[5:]" -> {"data.jsonl", {5, none}}. Anything that is no such suffix belongs to the
// path, as in slime.
PromptPath parse_prompt_path(const std::string& argument);

// Rows [begin, end) of num_rows that the slice selects; begin == end for none.
struct RowRange {
  Dim begin = 0;
  Dim end = 0;
};
RowRange selected_rows(const RowSlice& slice, Dim num_rows);

struct PromptFileOptions {
  std::string path;                      // --prompt-data, slice suffix allowed
  std::string prompt_key = "input";      // --input-key
  std::optional<std::string> label_key;  // --label-key; a row without it is an error
  std::string metadata_key = "metadata";
  std::optional<std::string> tool_key;
};

struct DataLine {
  Dim number = 0;  // from 1
  Json object;
};
// The lines of a file of data. Throws Error{kNotFound, kIo} for the file, kInvalidArgument that
// names the line for one that is no JSON object.
std::vector<DataLine> read_data_lines(const std::string& path);

// The selected rows in file order. Errors name file and line: those of read_data_lines, and
// kInvalidArgument for a missing field, a wrong type or a selection that holds no row,
// kUnsupported for another file format (.parquet).
std::vector<Prompt> read_prompts(const PromptFileOptions& options);

}  // namespace lapidary::rl
