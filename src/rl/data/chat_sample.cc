#include "rl/data/chat_sample.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace lapidary::rl {

namespace {

constexpr std::string_view kSpaceMark = "\u2581";  // how tokens spell a space

// "<0x0A>" is one byte of a character that the vocabulary lacks; whether it is the one in front.
bool is_next_byte(std::string_view token, std::string_view text) {
  int byte = 0;
  if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>' || text.empty()) {
    return false;
  }
  const auto parsed = std::from_chars(token.data() + 3, token.data() + 5, byte, 16);
  return parsed.ec == std::errc() && byte == static_cast<unsigned char>(text[0]);
}

// How many bytes of `text` the token spells, or 0 if it does not begin there.
size_t spelled_bytes(std::string_view token, std::string_view text) {
  size_t at = 0;
  while (!token.empty()) {
    const bool is_mark = token.starts_with(kSpaceMark);
    if (is_mark && text.substr(at).starts_with(' ')) {
      token.remove_prefix(kSpaceMark.size());
    } else if (at < text.size() && text[at] == token[0]) {
      token.remove_prefix(1);
    } else {
      return 0;
    }
    ++at;
  }
  return at;
}

}  // namespace

std::vector<size_t> token_ends(const tokenizer::Tokenizer& tokenizer, std::string_view text,
                               const std::vector<int32_t>& ids) {
  std::vector<size_t> ends;
  size_t at = 0;
  for (const int32_t id : ids) {
    const std::string& token = tokenizer.token_of(id);
    const std::string_view behind = text.substr(at);
    const size_t bytes = is_next_byte(token, behind) ? 1 : spelled_bytes(token, behind);
    LAPIDARY_CHECK(bytes > 0, "token ", id, " ", lapidary::quoted(token),
                   " is not what the text has at byte ", at);
    at += bytes;
    ends.push_back(at);
  }
  LAPIDARY_CHECK(at == text.size(), "tokens spell ", at, " of ", text.size(), " bytes");
  return ends;
}

std::vector<int64_t> span_mask(const std::vector<size_t>& ends,
                               const std::vector<tokenizer::GenerationSpan>& spans) {
  std::vector<int64_t> mask(ends.size(), 0);
  size_t begin = 0;
  auto span = spans.begin();
  for (size_t i = 0; i < ends.size(); ++i) {
    while (span != spans.end() && begin >= span->end) {
      ++span;
    }
    if (span == spans.end()) {
      break;
    }
    mask[i] = ends[i] > span->begin ? 1 : 0;
    begin = ends[i];
  }
  return mask;
}

Sample chat_sample(const Chat& chat, const tokenizer::ChatTemplate& chat_template,
                   const tokenizer::Tokenizer& tokenizer, const ChatSampleOptions& options,
                   const std::string& file) {
  const std::string place = cat(file, ":", chat.row);
  RenderedChat rendered;
  try {
    rendered = render_chat(chat_template, chat.messages, chat.tools, options.variables);
  } catch (const Error& error) {
    throw error.with_context(place);
  }
  const std::vector<int32_t> ids = tokenizer.encode(rendered.text, tokenizer::SpecialTokens::kNone);
  const auto count = static_cast<Dim>(ids.size());
  if (options.max_tokens > 0 && count > options.max_tokens) {
    fail(ErrorKind::kInvalidArgument, place, ": the conversation has ", count,
         " tokens, allowed are ", options.max_tokens,
         "; raise --max-tokens-per-gpu, or split or leave out the row");
  }
  std::vector<int64_t> mask = span_mask(token_ends(tokenizer, rendered.text, ids), rendered.spans);
  const auto first = std::find(mask.begin() + std::min<std::ptrdiff_t>(1, count), mask.end(), 1);
  if (first == mask.end()) {
    fail(ErrorKind::kInvalidArgument, place,
         ": the template shows nothing that the assistant wrote, so nothing to learn");
  }
  Sample sample;
  sample.tokens.assign(ids.begin(), ids.end());
  sample.loss_mask.assign(first, mask.end());
  sample.response_length = static_cast<Dim>(sample.loss_mask.size());
  return sample;
}

}  // namespace lapidary::rl
