#include "rl/data/chat_file.h"

#include <algorithm>

#include "base/check.h"
#include "rl/data/prompt_file.h"

namespace lapidary::rl {

namespace {

using tokenizer::GenerationSpan;

Chat parse_chat(const Json& line, Dim number, const ChatFileOptions& options,
                const std::string& path) {
  const std::string what = cat(path, ":", number);
  Chat chat;
  chat.row = number;
  if (!line.contains(options.messages_key)) {
    fail(ErrorKind::kInvalidArgument, what, ": no field ", lapidary::quoted(options.messages_key),
         "; a row to learn from is {\"messages\": [{\"role\", \"content\"}, ..]}");
  }
  chat.messages = line[options.messages_key];
  if (!chat.messages.is_array()) {
    fail(ErrorKind::kInvalidArgument, what, ": ", lapidary::quoted(options.messages_key),
         " must be a list of messages, found ", json_type(chat.messages));
  }
  bool has_assistant = false;
  for (const Json& message : chat.messages) {
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string()) {
      fail(ErrorKind::kInvalidArgument, what,
           ": a message must be an object with a text \"role\", found ",
           lapidary::quoted(dump_json(message)));
    }
    has_assistant = has_assistant || message["role"] == "assistant";
  }
  if (!has_assistant) {
    fail(ErrorKind::kInvalidArgument, what,
         ": there is no message of the role \"assistant\", so nothing to learn");
  }
  if (line.contains(options.tools_key) && !line[options.tools_key].is_null()) {
    chat.tools = line[options.tools_key];
    if (!chat.tools.is_array()) {
      fail(ErrorKind::kInvalidArgument, what, ": ", lapidary::quoted(options.tools_key),
           " must be a list, found ", json_type(chat.tools));
    }
  }
  return chat;
}

// A content that begins as none other does.
constexpr const char* kProbe = "\u0001probe";

// Renders parts of one conversation.
class PartRenderer {
 public:
  PartRenderer(const tokenizer::ChatTemplate& chat, const Json& messages, const Json& tools,
               const Json& variables)
      : chat_(chat), messages_(messages), tools_(tools) {
    options_.variables = variables;
  }

  tokenizer::Rendering whole() const {
    return chat_.render_with_spans(tokenizer::template_context(messages_, tools_, options_));
  }
  // The first `count` messages, and perhaps the prompt for an answer.
  std::string first(size_t count, bool adds_generation_prompt = false) const {
    return render(first_messages(count), adds_generation_prompt);
  }
  // The first `count` messages and an assistant's, which says what no template writes.
  std::string with_probe(size_t count) const {
    Json messages = first_messages(count);
    messages.push_back(Json{{"role", "assistant"}, {"content", kProbe}});
    return render(messages, false);
  }
  // The first `count` messages as they look once the user has gone on; "" where that cannot be
  // told.
  std::string before_user(size_t count) const {
    const std::string before = first(count - 1);
    const std::string short_one = with_user(count - 1);
    const std::string long_one = with_user(count);
    const std::string_view user = std::string_view(short_one).substr(
        short_one.starts_with(before) ? before.size() : short_one.size());
    return user.empty() || !long_one.ends_with(user)
               ? ""
               : long_one.substr(0, long_one.size() - user.size());
  }

 private:
  Json first_messages(size_t count) const {
    Json messages = Json::array();
    for (size_t i = 0; i < count; ++i) {
      messages.push_back(messages_[i]);
    }
    return messages;
  }
  std::string with_user(size_t count) const {
    Json messages = first_messages(count);
    messages.push_back(Json{{"role", "user"}, {"content", kProbe}});
    return render(messages, false);
  }
  std::string render(const Json& messages, bool adds_generation_prompt) const {
    tokenizer::ContextOptions options = options_;
    options.add_generation_prompt = adds_generation_prompt;
    return chat_.render(tokenizer::template_context(messages, tools_, options));
  }

  const tokenizer::ChatTemplate& chat_;
  const Json& messages_;
  const Json& tools_;
  tokenizer::ContextOptions options_;
};

size_t common_prefix(std::string_view left, std::string_view right) {
  const auto most = static_cast<std::ptrdiff_t>(std::min(left.size(), right.size()));
  return static_cast<size_t>(std::mismatch(left.begin(), left.begin() + most, right.begin()).first -
                             left.begin());
}

size_t end_without_space(std::string_view text) {
  const size_t last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? 0 : last + 1;
}

// Where the turn of assistant message `number` lies in the whole text.
GenerationSpan turn_span(const PartRenderer& parts, const std::string& whole, size_t number) {
  const size_t begin = common_prefix(parts.first(number, true), parts.with_probe(number));
  const auto ends_the_turn = [&](const std::string& until) {
    const size_t end = end_without_space(until);
    return begin < end && whole.compare(0, end, until, 0, end) == 0;
  };
  std::string until = parts.first(number + 1);
  if (!ends_the_turn(until)) {
    until = parts.before_user(number + 1);  // templates leave old thoughts away, or add empty ones
  }
  if (ends_the_turn(until)) {
    return {begin, end_without_space(until)};
  }
  fail(ErrorKind::kUnsupported, "message ", number + 1,
       ": this chat template shows the assistant's turn differently once others follow, so that "
       "it cannot be told what of the text the assistant wrote; give the template "
       "{% generation %} .. {% endgeneration %} around it, or split the conversation");
}

}  // namespace

std::vector<Chat> read_chats(const ChatFileOptions& options) {
  const PromptPath parsed = parse_prompt_path(options.path);
  const std::vector<DataLine> lines = read_data_lines(parsed.path);
  const RowRange rows =
      selected_rows(parsed.slice.value_or(RowSlice{}), static_cast<Dim>(lines.size()));
  if (rows.begin == rows.end) {
    fail(ErrorKind::kInvalidArgument, "reading conversations: ", options.path,
         " selects none of the ", lines.size(), " rows of ", parsed.path);
  }
  std::vector<Chat> chats;
  for (Dim row = rows.begin; row < rows.end; ++row) {
    const auto& [number, line] = lines[static_cast<size_t>(row)];
    chats.push_back(parse_chat(line, number, options, parsed.path));
  }
  return chats;
}

RenderedChat render_chat(const tokenizer::ChatTemplate& chat, const Json& messages,
                         const Json& tools, const Json& variables) {
  const PartRenderer parts(chat, messages, tools, variables);
  tokenizer::Rendering whole = parts.whole();
  RenderedChat out{std::move(whole.text), std::move(whole.generations)};
  if (!out.spans.empty()) {
    return out;
  }
  for (size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].at("role") == "assistant") {
      const GenerationSpan span = turn_span(parts, out.text, i);
      // A template that lets one turn go on in the next message writes no header between them.
      const size_t begin =
          out.spans.empty() ? span.begin : std::max(span.begin, out.spans.back().end);
      if (begin < span.end) {
        out.spans.push_back({begin, span.end});
      }
    }
  }
  return out;
}

}  // namespace lapidary::rl
