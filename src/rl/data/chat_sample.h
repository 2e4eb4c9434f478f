// A conversation as a sample to learn from: its tokens, and a mask of those the assistant wrote.
//
// Worked example. "<bos><|turn>user\n2+3?<turn|>\n<|turn>model\n5<turn|>\n" as 14 tokens of which
// the last three are "5", "<turn|>", "\n" gives
//   Sample{.tokens = (14), .response_length = 3, .loss_mask = {1, 1, 0}}
#pragma once

#include <string>
#include <vector>

#include "rl/data/chat_file.h"
#include "rl/record/sample.h"
#include "tokenizer/tokenizer.h"

namespace lapidary::rl {

struct ChatSampleOptions {
  Json variables = Json::object();  // of the template: bos_token, ..
  Dim max_tokens = 0;               // more is an error; 0: no limit
};

// loss_mask is 1 for every token that overlaps a span of render_chat, as transformers masks; the
// response begins at the first of them (the first token of all is never predicted). `file` names
// the data in messages. Throws Error with file and row: what render_chat throws, kInvalidArgument
// for more than max_tokens tokens and where nothing is left to learn.
Sample chat_sample(const Chat& chat, const tokenizer::ChatTemplate& chat_template,
                   const tokenizer::Tokenizer& tokenizer, const ChatSampleOptions& options,
                   const std::string& file);

// Where each token of `ids`, the encoding of `text` without special tokens added, ends in the text.
// Throws Error{kInternal} if the tokens do not spell the text.
std::vector<size_t> token_ends(const tokenizer::Tokenizer& tokenizer, std::string_view text,
                               const std::vector<int32_t>& ids);

// [ids] 1 for a token that overlaps a span.
std::vector<int64_t> span_mask(const std::vector<size_t>& ends,
                               const std::vector<tokenizer::GenerationSpan>& spans);

}  // namespace lapidary::rl
