// Tool calls in Gemma 4's own notation, as the checkpoint's chat template prints them: the prompt
// with the declarations, and the text that stands behind a turn's calls for their outputs.
//
// Worked example, the template of Gemma 4. The model ends its turn with
//   <|tool_call>call:code_interpreter{code:<|"|>print(5)<|"|>}<tool_call|><|tool_response>
// and behind the last call the template prints
//   <|tool_response>response:code_interpreter{value:<|"|>5<|"|>}<tool_response|>
// A template that gives tools a turn of their own
// ("<turn|>\n<|turn>tool\n5<turn|>\n<|turn>model\n") serves as well.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "rl/env/episode.h"
#include "tokenizer/chat_template.h"

namespace lapidary::rl {

struct NativeToolOptions {
  Json tools;                       // a list of declarations; see check_tool_declarations
  Json variables = Json::object();  // of the template: bos_token, enable_thinking, ..
};

// The prompt: the messages (a text is one user message) with the tools declared, up to where the
// model is to answer. Throws Error{kInvalidArgument} for another content, and what the template
// throws.
std::string native_tool_prompt(const tokenizer::ChatTemplate& chat, const Json& prompt_content,
                               const NativeToolOptions& options);

// What the template prints behind the calls of a turn. Made once for a run; const methods may be
// called from several threads at once.
class ToolResponseTexts {
 public:
  // Throws Error{kUnsupported} for a template that does not print calls in Gemma 4's notation with
  // their responses behind.
  ToolResponseTexts(const tokenizer::ChatTemplate& chat, const NativeToolOptions& options);

  // Everything behind the last call, up to where the model goes on. One output for each call;
  // control markers in outputs are taken apart, so that an output cannot open or close a turn.
  std::string after_calls(const std::vector<ToolCall>& calls,
                          const std::vector<std::string>& outputs) const;

  // How many bytes at the end of a model's turn are the beginning of after_calls() already: the
  // marker at which the model stops.
  size_t written_bytes(std::string_view turn) const;

  // The marker that follows the calls of a turn, at which the model stops: "<|tool_response>" of
  // Gemma 4. For the stop tokens of an engine.
  std::string stop_marker() const;

 private:
  std::string render(const std::vector<ToolCall>& calls, const std::vector<std::string>* outputs,
                     bool adds_generation_prompt) const;

  tokenizer::ChatTemplate chat_;
  NativeToolOptions options_;
  std::string head_;  // what every after_calls() begins with
};

// "<turn|>" becomes "< turn|>": no control marker is left in the text.
std::string without_markers(const std::string& output);

}  // namespace lapidary::rl
