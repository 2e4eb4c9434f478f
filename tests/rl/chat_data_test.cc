#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "rl/data/chat_file.h"
#include "rl/data/chat_sample.h"
#include "rl/tiny_text.h"

namespace lapidary::rl {
namespace {

Json conversation(const char* text) {
  return parse_json(text, "messages");
}

// The spans in square brackets, neighbours as one.
std::string marked(const RenderedChat& chat) {
  std::string out = chat.text;
  for (auto span = chat.spans.rbegin(); span != chat.spans.rend(); ++span) {
    out.insert(span->end, "]");
    out.insert(span->begin, "[");
  }
  for (size_t at = out.find("]["); at != std::string::npos; at = out.find("][", at)) {
    out.erase(at, 2);
  }
  return out;
}

// A template without generation blocks, in the manner of ours.
tokenizer::ChatTemplate unmarked_template() {
  std::string text = read_file(test::project_path("assets/tiny/chat_template.jinja"));
  for (const char* tag : {"{%- generation -%}", "{%- generation %}", "{%- endgeneration -%}",
                          "{% endgeneration -%}"}) {
    const std::string wanted = tag;
    const std::string by = wanted.starts_with("{%- generation")         ? "{%- if true -%}"
                           : wanted.find("endgen") != std::string::npos ? "{%- endif -%}"
                                                                        : wanted;
    for (size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at)) {
      text.replace(at, wanted.size(), by);
    }
  }
  EXPECT_EQ(text.find("generation -%}"), std::string::npos);
  return tokenizer::ChatTemplate::from_text(text, "unmarked.jinja");
}

// tests/data/chat/assistant_masks.jsonl: made by apply_chat_template(return_assistant_tokens_mask=
// True) of transformers 5.24 with our tokenizer and template.
TEST(ChatSample, MasksWhatTransformersMasks) {
  const tokenizer::Tokenizer tokenizer = test::tiny_tokenizer();
  const tokenizer::ChatTemplate chat = test::tiny_template();
  int count = 0;
  const std::string file = test::project_path("tests/data/chat/assistant_masks.jsonl");
  for_each_json_line(file, [&](const Json& one, int64_t number) {
    ++count;
    const Chat given{one["messages"], one["tools"], number};
    ChatSampleOptions options;
    options.variables = one["variables"];
    options.variables["bos_token"] = "<bos>";
    const Sample sample = chat_sample(given, chat, tokenizer, options, file);
    EXPECT_EQ(sample.tokens, one["ids"].get<std::vector<int64_t>>()) << one["case"];
    std::vector<int64_t> mask(sample.tokens.size() - sample.loss_mask.size(), 0);
    mask.insert(mask.end(), sample.loss_mask.begin(), sample.loss_mask.end());
    EXPECT_EQ(mask, one["mask"].get<std::vector<int64_t>>()) << one["case"];
    EXPECT_EQ(sample.response_length, static_cast<Dim>(sample.loss_mask.size()));
    EXPECT_EQ(sample.loss_mask.at(0), 1);
  });
  EXPECT_EQ(count, 10);
}

// Without generation blocks the prefixes tell the same, wherever a turn looks alike in the end.
TEST(RenderChat, FindsTheAssistantByPrefixesWhereNothingIsMarked) {
  const tokenizer::ChatTemplate marked_chat = test::tiny_template();
  const tokenizer::ChatTemplate unmarked = unmarked_template();
  int count = 0;
  for_each_json_line(
      test::project_path("tests/data/chat/assistant_masks.jsonl"), [&](const Json& one, int64_t) {
        if (one["case"] == "content and a call") {
          return;  // printed behind the responses: not a prefix
        }
        ++count;
        EXPECT_EQ(marked(render_chat(unmarked, one["messages"], one["tools"], one["variables"])),
                  marked(render_chat(marked_chat, one["messages"], one["tools"], one["variables"])))
            << one["case"];
      });
  EXPECT_EQ(count, 9);
}

TEST(RenderChat, RefusesWhatPrefixesCannotTell) {
  const Json messages = conversation(
      R"([{"role": "user", "content": "x"},
          {"role": "assistant", "content": "Let me see.", "tool_calls":
           [{"id": "c", "function": {"name": "f", "arguments": {}}}]},
          {"role": "tool", "tool_call_id": "c", "content": "1"}, {"role": "assistant", "content": "1"}])");
  try {
    render_chat(unmarked_template(), messages, nullptr, Json::object());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_NE(std::string(error.what()).find("message 2"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("{% generation %}"), std::string::npos);
  }
}

TEST(RenderChat, WorksWithThePublishedTemplates) {
  const std::string folder = test::reference_path("text-fixtures/chat/templates");
  if (folder.empty()) {
    GTEST_SKIP() << "the published templates are not here";
  }
  const Json messages = conversation(
      R"([{"role": "user", "content": "2+3?"}, {"role": "assistant", "content": "5"},
          {"role": "user", "content": "and 4?"}, {"role": "assistant", "content": "It is 9."}])");
  const Json variables = {{"bos_token", "<bos>"}, {"eos_token", "<eos>"}};
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("phi-")) {
      continue;  // its <eos> behind the last turn, whichever it is, looks like a turn that changed
    }
    ++count;
    const RenderedChat found =
        render_chat(test::template_of(entry.path().string()), messages, nullptr, variables);
    ASSERT_EQ(found.spans.size(), 2U) << entry.path();
    const std::string text = marked(found);
    EXPECT_NE(text.find("5"), std::string::npos);
    const auto piece = [&](size_t i) {
      return found.text.substr(found.spans[i].begin, found.spans[i].end - found.spans[i].begin);
    };
    EXPECT_NE(piece(0).find('5'), std::string::npos) << text;
    EXPECT_NE(piece(1).find("It is 9."), std::string::npos) << text;
    EXPECT_EQ(piece(0).find("and 4"), std::string::npos) << text;
    EXPECT_EQ(piece(0).find("user"), std::string::npos) << text;
    if (entry.path().filename().string().starts_with("gemma4-")) {
      EXPECT_EQ(piece(0), "5<turn|>") << text;
      EXPECT_EQ(piece(1), "It is 9.<turn|>") << text;
    }
  }
  EXPECT_GE(count, 13);
}

class ChatFile : public ::testing::Test {
 protected:
  std::string message_of(const std::string& text, Dim max_tokens = 0) {
    ChatFileOptions options;
    options.path = scratch_.file("chats.jsonl");
    write_file_atomically(options.path, text);
    try {
      for (const Chat& chat : read_chats(options)) {
        ChatSampleOptions sample;
        sample.max_tokens = max_tokens;
        chat_sample(chat, test::tiny_template(), test::tiny_tokenizer(), sample, "chats.jsonl");
      }
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  test::ScratchFolder scratch_;
};

TEST_F(ChatFile, NamesTheRowOfWhatIsWrong) {
  const std::string good =
      R"({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]})"
      "\n";
  EXPECT_EQ(message_of(good), "");
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {R"({"prompt": []})", "no field \"messages\""},
      {R"({"messages": "x"})", "must be a list"},
      {R"({"messages": [1]})", "with a text \"role\""},
      {R"({"messages": [{"role": "user", "content": "x"}]})", "nothing to learn"},
      {R"({"messages": [{"role": "assistant", "content": "y"}], "tools": "f"})", "must be a list"},
      {R"({"messages": )", "not valid JSON"},
      {R"({"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}]})",
       "must be an object"}};
  for (const auto& [line, problem] : wrong) {
    const std::string message = message_of(good + line + "\n");
    EXPECT_NE(message.find(problem), std::string::npos) << message;
    EXPECT_TRUE(message.find("chats.jsonl:2") != std::string::npos ||
                message.find("chats.jsonl line 2") != std::string::npos)
        << message;
  }
  EXPECT_NE(message_of(good, 4).find("allowed are 4"), std::string::npos);
}

}  // namespace
}  // namespace lapidary::rl
