#include "cli/sft_data.h"

#include <algorithm>

#include "base/check.h"
#include "cli/text_encoder.h"
#include "rl/data/chat_sample.h"
#include "rl/data/prompt_file.h"
#include "tokenizer/chat_template.h"

namespace lapidary::cli {

namespace {

bool holds_token_ids(const std::string& path) {
  bool is_first = true;
  bool found = false;
  for_each_json_line(path, [&](const Json& line, int64_t) {
    if (is_first) found = line.contains("input_ids");
    is_first = false;
  });
  return found;
}

rl::Sample token_sample(const Json& line, const std::string& what) {
  const JsonObject object(line, what);
  rl::Sample sample;
  sample.tokens = object.get_ints("input_ids");
  const std::vector<int64_t> mask = object.get_ints("loss_mask");
  if (mask.size() != sample.tokens.size()) {
    fail(ErrorKind::kInvalidArgument, what, ": \"loss_mask\" has ", mask.size(), " values for ",
         sample.tokens.size(), " \"input_ids\"");
  }
  const auto is_set = [](int64_t value) { return value != 0; };
  // The first token of all is never predicted.
  const auto first = std::find_if(mask.begin() + (mask.empty() ? 0 : 1), mask.end(), is_set);
  if (first == mask.end()) {
    fail(ErrorKind::kInvalidArgument, what,
         ": \"loss_mask\" is 0 behind the first token, so there is nothing to learn");
  }
  sample.loss_mask.assign(first, mask.end());
  sample.response_length = static_cast<Dim>(sample.loss_mask.size());
  return sample;
}

std::vector<rl::Sample> read_token_samples(const rl::PromptPath& path) {
  std::vector<rl::Sample> all;
  for_each_json_line(path.path, [&](const Json& line, int64_t number) {
    all.push_back(token_sample(line, cat(path.path, ":", number)));
  });
  if (!path.slice) return all;
  const rl::RowRange rows = rl::selected_rows(*path.slice, static_cast<Dim>(all.size()));
  return {all.begin() + rows.begin, all.begin() + rows.end};
}

std::vector<rl::Sample> read_chat_samples(const SftDataOptions& options) {
  TextEncoder text(options.text_folder);
  const auto chat_template = tokenizer::ChatTemplate::load(options.text_folder);
  if (!chat_template) {
    fail(ErrorKind::kNotFound, options.text_folder,
         ": no chat template, which conversations need; give lines of input_ids and loss_mask");
  }
  rl::ChatSampleOptions sample_options;
  sample_options.variables = read_special_tokens(options.text_folder);
  for (const auto& [name, value] : options.template_variables.items())
    sample_options.variables[name] = value;
  std::vector<rl::Sample> samples;
  for (const rl::Chat& chat : rl::read_chats({.path = options.path,
                              .messages_key = options.messages_key,
                              .tools_key = options.tools_key})) {
    samples.push_back(
        rl::chat_sample(chat, *chat_template, text.tokenizer(), sample_options, options.path));
  }
  return samples;
}

}  // namespace

SftData read_sft_data(const SftDataOptions& options) {
  const rl::PromptPath path = rl::parse_prompt_path(options.path);
  SftData out;
  for (rl::Sample& sample :
       holds_token_ids(path.path) ? read_token_samples(path) : read_chat_samples(options)) {
    if (options.max_tokens > 0 && sample.total_length() > options.max_tokens) {
      ++out.num_too_long;
    } else {
      out.samples.push_back(std::move(sample));
    }
  }
  if (out.samples.empty()) {
    fail(ErrorKind::kInvalidArgument, options.path, " leaves nothing to learn (", out.num_too_long,
         " rows are longer than --rollout-max-context-len ", options.max_tokens, ")");
  }
  return out;
}

}  // namespace lapidary::cli
