// Our own template of the tiny models (assets/tiny/chat_template.jinja): Gemma 4's turn format.
#include <gtest/gtest.h>

#include "base/file.h"
#include "support/paths.h"
#include "tokenizer/chat_template.h"

namespace lapidary::tokenizer {
namespace {

const ChatTemplate& tiny() {
  static const ChatTemplate kTiny = [] {
    const std::string file = test::project_path("assets/tiny/chat_template.jinja");
    return ChatTemplate::from_text(read_file(file), file);
  }();
  return kTiny;
}

// Generation blocks in square brackets.
std::string marked(const Rendering& rendering) {
  std::string out = rendering.text;
  for (auto span = rendering.generations.rbegin(); span != rendering.generations.rend(); ++span) {
    out.insert(span->end, "]");
    out.insert(span->begin, "[");
  }
  return out;
}

struct Conversation {
  const char* name;
  const char* messages;
  const char* variables;  // and tools
  const char* expected;
};

constexpr const char* kPython =
    R"("tools": [{"type": "function", "function": {"name": "code_interpreter",
       "description": "Runs Python.", "parameters": {"type": "object", "properties": {"code":
       {"type": "string", "description": "The code"}}, "required": ["code"]}}}])";
constexpr const char* kCall =
    R"({"role": "user", "content": "1+1?"}, {"role": "assistant", "tool_calls": [{"id": "c1",
       "function": {"name": "code_interpreter", "arguments": {"code": "print(1+1)"
}
}
}]
})";

class TinyChatTemplate : public ::testing::TestWithParam<Conversation> {};

TEST_P(TinyChatTemplate, RendersTheTurnFormat) {
  const Conversation& one = GetParam();
  ContextOptions options;
  const std::string variables = std::string("{") + one.variables + "}";
  options.variables = parse_json(variables, "variables");
  const Json tools = options.variables.contains("tools") ? options.variables["tools"] : Json();
  const std::string messages = std::string("[") + one.messages + "]";
  const Json context = template_context(parse_json(messages, "messages"), tools, options);
  EXPECT_EQ(marked(tiny().render_with_spans(context)), one.expected);
}

const std::string& keep(std::string text) {
  static std::vector<std::unique_ptr<std::string>> kKept;
  kKept.push_back(std::make_unique<std::string>(std::move(text)));
  return *kKept.back();
}
const char* with(const std::string& a, const std::string& b = "", const std::string& c = "") {
  return keep(a + b + c).c_str();
}

INSTANTIATE_TEST_SUITE_P(
    Conversations, TinyChatTemplate,
    ::testing::Values(
        Conversation{"user", R"({"role": "user", "content": " Hi "})",
                     R"("add_generation_prompt": true)",
                     "<bos><|turn>user\nHi<turn|>\n<|turn>model\n<|channel>thought\n<channel|>"},
        Conversation{"thinking", R"({"role": "user", "content": "Hi"})",
                     R"("add_generation_prompt": true, "enable_thinking": true)",
                     "<bos><|turn>system\n<|think|>\n<turn|>\n<|turn>user\nHi<turn|>\n"
                     "<|turn>model\n"},
        Conversation{
            "system",
            R"({"role": "system", "content": "Be brief. "}, {"role": "user", "content": "Hi"})",
            R"("enable_thinking": true)",
            "<bos><|turn>system\n<|think|>\nBe brief.<turn|>\n<|turn>user\nHi<turn|>\n"},
        Conversation{"answer",
                     R"({"role": "user", "content": "Hi"},
                        {"role": "assistant", "content": "<|channel>thought\nx<channel|>Hello "},
                        {"role": "user", "content": "More"})",
                     "",
                     "<bos><|turn>user\nHi<turn|>\n<|turn>model\n[Hello<turn|>]\n<|turn>user\nMore"
                     "<turn|>\n"},
        Conversation{"reasoning",
                     R"({"role": "user", "content": "Hi"},
                        {"role": "assistant", "reasoning": "hm", "content": "Hello"})",
                     "",
                     "<bos><|turn>user\nHi<turn|>\n<|turn>model\n[<|channel>thought\nhm\n"
                     "<channel|>][Hello<turn|>]\n"},
        Conversation{"old_reasoning",
                     R"({"role": "user", "content": "Hi"},
                        {"role": "assistant", "reasoning": "hm", "content": "Hello"},
                        {"role": "user", "content": "Bye"})",
                     "",
                     "<bos><|turn>user\nHi<turn|>\n<|turn>model\n[Hello<turn|>]\n<|turn>user\nBye"
                     "<turn|>\n"},
        Conversation{"parts",
                     R"({"role": "user", "content": [{"type": "text", "text": "a"},
                        {"type": "image"}, {"type": "text", "text": "b"}]})",
                     "", "<bos><|turn>user\nab<turn|>\n"},
        Conversation{"tools", R"({"role": "user", "content": "Hi"})", kPython,
                     "<bos><|turn>system\n<|tool>declaration:code_interpreter{description:"
                     "<|\"|>Runs Python.<|\"|>,parameters:{properties:{code:{description:"
                     "<|\"|>The code<|\"|>,type:<|\"|>STRING<|\"|>}},required:[<|\"|>code<|\"|>],"
                     "type:<|\"|>OBJECT<|\"|>}}<tool|><turn|>\n<|turn>user\nHi<turn|>\n"},
        Conversation{"call", kCall, R"("add_generation_prompt": true)",
                     "<bos><|turn>user\n1+1?<turn|>\n<|turn>model\n[<|tool_call>call:"
                     "code_interpreter{code:<|\"|>print(1+1)<|\"|>}<tool_call|>]"
                     "[<|tool_response>]"},
        Conversation{"response",
                     with(kCall, R"(, {"role": "tool", "tool_call_id": "c1", "content": "2\n"})"),
                     R"("add_generation_prompt": true)",
                     "<bos><|turn>user\n1+1?<turn|>\n<|turn>model\n[<|tool_call>call:"
                     "code_interpreter{code:<|\"|>print(1+1)<|\"|>}<tool_call|>]<|tool_response>"
                     "response:code_interpreter{value:<|\"|>2\n<|\"|>}<tool_response|>"},
        Conversation{"answer_after_response",
                     with(kCall, R"(, {"role": "tool", "tool_call_id": "c1", "content": {"b": 1,
                                    "A": true}}, {"role": "assistant", "content": "It is 2."})"),
                     R"("enable_thinking": true)",
                     "<bos><|turn>system\n<|think|>\n<turn|>\n<|turn>user\n1+1?<turn|>\n"
                     "<|turn>model\n[<|tool_call>call:code_interpreter{code:"
                     "<|\"|>print(1+1)<|\"|>}<tool_call|>]<|tool_response>response:"
                     "code_interpreter{A:true,b:1}<tool_response|>[It is 2.<turn|>]\n"},
        Conversation{"values",
                     R"({"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments":
                        {"x": 1, "s": "q", "n": null, "d": {"k": [1, "a"]}, "B": true, "f": 1.5}}},
                        {"function": {"name": "g", "arguments": {}}}]})",
                     "",
                     "<bos><|turn>model\n[<|tool_call>call:f{B:true,d:{k:[1,<|\"|>a<|\"|>]},f:1.5,"
                     "n:null,s:<|\"|>q<|\"|>,x:1}<tool_call|><|tool_call>call:g{}<tool_call|>]"
                     "[<|tool_response>]"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(TinyChatTemplate, RefusesArgumentsThatAreText) {
  const Json messages = parse_json(
      R"([{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}])",
      "messages");
  try {
    tiny().render(template_context(messages, nullptr));
    FAIL() << "rendered";
  } catch (const RenderError& error) {
    EXPECT_EQ(error.failure(), RenderFailure::kRaise);
  }
}

}  // namespace
}  // namespace lapidary::tokenizer
