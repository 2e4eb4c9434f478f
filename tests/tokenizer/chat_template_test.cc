// Chat templates of checkpoints: what transformers renders, where the text comes from, what happens
// to messages on the way.
#include "tokenizer/chat_template.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "base/file.h"
#include "support/paths.h"
#include "tokenizer/jinja/time_format.h"

namespace lapidary::tokenizer {
namespace {

// What came of a case, as a text to compare: the rendering, or the kind of the error with the
// words of a raise.
std::string outcome(const ChatTemplate& compiled, const Json& one) {
  const auto now = one.contains("now") ? jinja::parse_iso_time(one["now"].get<std::string>())
                                       : std::optional<WallTime>();
  try {
    return "rendered " + compiled.render(one["context"], now);
  } catch (const RenderError& error) {
    const std::string kind(to_string(error.failure()));
    return "error " + kind + (kind == "raise" ? ": " + error.reason() : "");
  }
}

std::string expectation(const Json& one) {
  if (!one.contains("error")) return "rendered " + one["rendered"].get<std::string>();
  const std::string kind = one["error"]["kind"].get<std::string>();
  return "error " + kind +
         (kind == "raise" ? ": " + one["error"]["message"].get<std::string>() : "");
}

TEST(ChatTemplates, RenderAsTransformersDoes) {
  const std::string folder = test::reference_path("text-fixtures/chat");
  if (folder.empty()) GTEST_SKIP() << "the chat templates are third-party data and not here";
  int64_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    const std::string file = folder + "/templates/" + name + ".jinja";
    if (!std::filesystem::exists(file)) continue;
    const auto compiled = ChatTemplate::from_text(read_file(file), name);
    for_each_json_line(entry.path().string(), [&](const Json& one, int64_t) {
      ++count;
      EXPECT_EQ(outcome(compiled, one), expectation(one)) << one["id"];
    });
  }
  EXPECT_EQ(count, 1170);
}

TEST(ChatTemplates, RenderTheReferenceSnippets) {
  const std::string file = test::reference_path("text-fixtures/chat/snippets.jsonl");
  if (file.empty()) GTEST_SKIP() << "the reference data is not here";
  for_each_json_line(file, [&](const Json& one, int64_t) {
    const auto compiled = ChatTemplate::from_text(one["template"].get<std::string>(), "snippet");
    EXPECT_EQ(outcome(compiled, one), expectation(one)) << one["id"];
  });
}

TEST(ChatTemplates, NormalizeAsTheReferenceDoes) {
  const std::string file = test::reference_path("text-fixtures/chat/normalize.jsonl");
  if (file.empty()) GTEST_SKIP() << "the reference data is not here";
  for_each_json_line(file, [&](const Json& one, int64_t) {
    EXPECT_EQ(dump_json(normalize_messages(one["messages"])), dump_json(one["normalized"]))
        << one["id"];
  });
}

TEST(NormalizeMessages, DropsNullsOfTheTopLevelOnly) {
  const Json messages =
      parse_json(R"([{"role": "user", "content": null, "parts": [{"a": null}]}])", "messages");
  EXPECT_EQ(dump_json(normalize_messages(messages)), R"([{"role":"user","parts":[{"a":null}]}])");
}

TEST(NormalizeMessages, GivesReasoningEveryNameThatTemplatesRead) {
  const Json messages =
      parse_json(R"([{"role": "assistant", "reasoning": "r", "reasoning_content": null}])", "m");
  EXPECT_EQ(dump_json(normalize_messages(messages)),
            R"([{"thinking":"r","role":"assistant","reasoning":"r","reasoning_content":"r"}])");
}

TEST(NormalizeMessages, RefusesWhatIsNoListOfObjects) {
  EXPECT_THROW(normalize_messages(Json("hi")), Error);
  EXPECT_THROW(normalize_messages(Json::array({"hi"})), Error);
  EXPECT_THROW(template_context(Json::array(), Json("tool")), Error);
}

TEST(TemplateContext, HasEveryVariableAndLetsTheCallerWin) {
  ContextOptions options;
  options.add_generation_prompt = true;
  options.variables = Json{{"bos_token", "<bos>"}, {"documents", "mine"}};
  const Json messages = Json::array({{{"role", "user"}, {"content", "hi"}}});
  EXPECT_EQ(dump_json(template_context(messages, nullptr, options)),
            R"({"messages":[{"role":"user","content":"hi"}],"tools":null,"documents":"mine",)"
            R"("add_generation_prompt":true,"bos_token":"<bos>"})");
}

TEST(ChatTemplateLoad, TakesTheFileBeforeTheConfig) {
  const test::ScratchFolder folder;
  EXPECT_FALSE(ChatTemplate::load(folder.path()).has_value());
  write_file_atomically(folder.file("tokenizer_config.json"), R"({"bos_token": "<bos>"})");
  EXPECT_FALSE(ChatTemplate::load(folder.path()).has_value());
  write_file_atomically(folder.file("tokenizer_config.json"), R"({"chat_template": "config"})");
  EXPECT_EQ(ChatTemplate::load(folder.path())->render(Json::object()), "config");
  write_file_atomically(folder.file("chat_template.jinja"), "file {{ 1 + 1 }}\n");
  EXPECT_EQ(ChatTemplate::load(folder.path())->render(Json::object()), "file 2");
}

TEST(ChatTemplateLoad, TakesTheDefaultOfNamedTemplates) {
  const test::ScratchFolder folder;
  const std::string file = folder.file("tokenizer_config.json");
  write_file_atomically(file, R"({"chat_template": [{"name": "rag", "template": "r"},
                                  {"name": "default", "template": "d"}]})");
  EXPECT_EQ(ChatTemplate::load(folder.path())->render(Json::object()), "d");
  write_file_atomically(file, R"({"chat_template": [{"name": "rag", "template": "r"}]})");
  EXPECT_THROW(ChatTemplate::load(folder.path()), Error);
  write_file_atomically(file, R"({"chat_template": 5})");
  EXPECT_THROW(ChatTemplate::load(folder.path()), Error);
}

TEST(ChatTemplate, RendersFromManyThreadsAtOnce) {
  const auto compiled = ChatTemplate::from_text(
      "{% macro m(x) %}{{ x | upper }}{% endmacro %}{% for i in range(50) %}{{ m(who) }}"
      "{{ loop.index }}{% endfor %}",
      "shared");
  const std::string expected = compiled.render(Json{{"who", "ab"}});
  std::vector<std::thread> threads;
  std::vector<std::string> found(4);
  for (std::string& text : found) {
    threads.emplace_back([&text, copy = compiled] {
      for (int i = 0; i < 50; ++i) text = copy.render(Json{{"who", "ab"}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& text : found) EXPECT_EQ(text, expected);
}

TEST(ChatTemplate, ReportsGenerationBlocksAsBytes) {
  const auto compiled = ChatTemplate::from_text(
      "\xC3\xA9:{% generation %}\xC3\xA4{{ x }}{% endgeneration %}.{% generation %}b{% "
      "endgeneration %}",
      "marks");
  const Rendering rendering = compiled.render_with_spans(Json{{"x", 1}});
  EXPECT_EQ(rendering.text,
            "\xC3\xA9:\xC3\xA4"
            "1.b");
  ASSERT_EQ(rendering.generations.size(), 2U);
  EXPECT_EQ(rendering.generations[0].begin, 3U);
  EXPECT_EQ(rendering.generations[0].end, 6U);
  EXPECT_EQ(rendering.text.substr(rendering.generations[1].begin), "b");
}

TEST(ChatTemplate, KeepsKindsOfNumbersAndTheOrderOfMembers) {
  const auto compiled = ChatTemplate::from_text("{{ d | tojson }} {{ d.big + 1 }}", "numbers");
  const Json context =
      parse_json(R"({"d": {"z": 1.0, "a": 1, "big": 18446744073709551615, "e": 1e22}})", "c");
  EXPECT_EQ(compiled.render(context),
            R"({"z": 1.0, "a": 1, "big": 18446744073709551615, "e": 1e+22} 18446744073709551616)");
}

TEST(IsoTime, ReadsTheFormsThatPythonWrites) {
  const auto time = [](const char* text) { return jinja::parse_iso_time(text); };
  EXPECT_EQ(jinja::format_time(*time("2024-02-29"), "%Y-%m-%d %H:%M:%S"), "2024-02-29 00:00:00");
  EXPECT_EQ(jinja::format_time(*time("2024-02-29T23:59"), "%H:%M %j"), "23:59 060");
  EXPECT_EQ(jinja::format_time(*time("2024-02-29 23:59:58.5+02:00"), "%S %f%z"), "58 500000");
  EXPECT_TRUE(time("2024-02-29T23:59:58Z").has_value());
  for (const char* wrong : {"", "2024", "2023-02-29", "2024-02-29T", "2024-02-29T24:00",
                            "2024-02-29T10:00:00x", "-024-02-29", "2024-02-29T10:00:00+2"}) {
    EXPECT_FALSE(time(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace lapidary::tokenizer
