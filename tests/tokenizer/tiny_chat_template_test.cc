// Our own template of the tiny models (assets/tiny/chat_template.jinja): Gemma 4's turn format.
#include <gtest/gtest.h>

#include "base/file.h"
#include "support/paths.h"
#include "tokenizer/chat_template.h"

namespace lapidary::tokenizer {
namespace {

ChatTemplate tiny() {
  const std::string file = test::project_path("assets/tiny/chat_template.jinja");
  return ChatTemplate::from_text(read_file(file), file);
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

TEST(TinyChatTemplate, RendersTheTurnFormatAndMarksWhatTheModelWrites) {
  const ChatTemplate compiled = tiny();
  int64_t count = 0;
  const std::string file = test::project_path("tests/data/chat/tiny_template.jsonl");
  for_each_json_line(file, [&](const Json& one, int64_t) {
    ++count;
    ContextOptions options;
    options.variables = one["variables"];
    const Json context = template_context(one["messages"], one["tools"], options);
    EXPECT_EQ(marked(compiled.render_with_spans(context)), one["marked"].get<std::string>())
        << one["case"];
  });
  EXPECT_EQ(count, 17);
}

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
