#include "rl/data/prompt_tokens.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "rl/env/retool.h"
#include "rl/tiny_text.h"

namespace lapidary::rl {
namespace {

using test::tiny_codec;

PromptTokensOptions with_template(const tokenizer::ChatTemplate& chat) {
  PromptTokensOptions options;
  options.chat = &chat;
  return options;
}

class PromptTokens : public ::testing::Test {
 protected:
  std::string text_of(const Json& content, PromptForm form, const Json& tools = nullptr) {
    Prompt prompt;
    prompt.content = content;
    prompt.row = 7;
    PromptTokensOptions options = options_;
    options.form = form;
    options.tools = tools;
    return tiny_codec().decode(prompt_tokens(prompt, options, tiny_codec(), "data.jsonl"));
  }
  std::string message_of(const Json& content, PromptForm form) {
    try {
      text_of(content, form);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  tokenizer::ChatTemplate chat_ = test::tiny_template();
  PromptTokensOptions options_ = with_template(chat_);
};

TEST_F(PromptTokens, ArePlainTextWithoutATemplate) {
  options_.chat = nullptr;
  EXPECT_EQ(text_of("2+3?", PromptForm::kPlain), "2+3?");
}

TEST_F(PromptTokens, GoThroughTheTemplate) {
  EXPECT_EQ(text_of("2+3?", PromptForm::kPlain),
            "<bos><|turn>user\n2+3?<turn|>\n<|turn>model\n<|channel>thought\n<channel|>");
}

TEST_F(PromptTokens, HaveTheToolTextOfRetool) {
  const std::string chatml = text_of("2+3?", PromptForm::kRetoolChatml);
  EXPECT_EQ(chatml, retool_chatml("2+3?", run_tools(nullptr)));
  const std::string chat = text_of("2+3?", PromptForm::kRetoolChat);
  EXPECT_TRUE(chat.starts_with("<bos><|turn>system\n<|think|>\nYou are a helpful assistant"))
      << chat;
  EXPECT_NE(chat.find("<tools>"), std::string::npos);
  EXPECT_TRUE(chat.ends_with("<|turn>user\n2+3?<turn|>\n<|turn>model\n")) << chat;
}

TEST_F(PromptTokens, DeclareToolsInTheModelsNotation) {
  const std::string text = text_of("2+3?", PromptForm::kNativeTools);
  EXPECT_NE(text.find("<|tool>declaration:code_interpreter{"), std::string::npos) << text;
  const Json other = parse_json(R"([{"type": "function", "function": {"name": "now"}}])", "tools");
  EXPECT_NE(text_of("2+3?", PromptForm::kNativeTools, other).find("declaration:now{"),
            std::string::npos);
}

TEST_F(PromptTokens, NameTheRowOfWhatIsWrong) {
  options_.max_tokens = 3;
  EXPECT_NE(message_of("2+3? and more", PromptForm::kPlain).find("data.jsonl:7"),
            std::string::npos);
  EXPECT_NE(message_of("2+3? and more", PromptForm::kPlain).find("allowed are 3"),
            std::string::npos);
  options_.max_tokens = 0;
  for (const PromptForm form :
       {PromptForm::kRetoolChatml, PromptForm::kRetoolChat, PromptForm::kNativeTools}) {
    const std::string message = message_of(Json{{"role", "user"}}, form);
    EXPECT_EQ(message.find("data.jsonl:7: "), 0U) << message;
  }
  options_.chat = nullptr;
  EXPECT_NE(message_of("", PromptForm::kPlain).find("has no tokens"), std::string::npos);
  EXPECT_NE(message_of("x", PromptForm::kNativeTools).find("no chat template"), std::string::npos);
  const std::string list = message_of(Json::array({Json{{"role", "user"}}}), PromptForm::kPlain);
  EXPECT_EQ(list.find("data.jsonl:7"), list.rfind("data.jsonl:7")) << "the row once: " << list;
}

}  // namespace
}  // namespace lapidary::rl
