// Tool calls out of a turn's text: the reference cases, and what models write that is no call.
#include "tokenizer/tool_call_parser.h"

#include <gtest/gtest.h>

#include "support/paths.h"

namespace lapidary::tokenizer {
namespace {

Json as_json(const ParsedToolCalls& parsed) {
  Json calls = Json::array();
  for (const ToolCall& call : parsed.calls) {
    calls.push_back(Json{{"name", call.name}, {"arguments", call.arguments}});
  }
  return calls;
}

// Members in any order, 1 and 1.0 alike.
bool is_same(const Json& a, const Json& b) {
  return nlohmann::json::parse(a.dump()) == nlohmann::json::parse(b.dump());
}

TEST(ToolCallParser, GivesTheReferenceResults) {
  int64_t count = 0;
  const std::string file = test::project_path("tests/data/tool-calls/cases.jsonl");
  for_each_json_line(file, [&](const Json& one, int64_t) {
    ++count;
    const bool is_gemma4 = one["format"] == "gemma4";
    const ParsedToolCalls parsed = parse_tool_calls(
        one["text"].get<std::string>(), is_gemma4 ? ToolCallFormat::kGemma4 : ToolCallFormat::kJson,
        one["scan_thought"].get<bool>() ? ToolCallsInThought::kScan : ToolCallsInThought::kSkip);
    EXPECT_TRUE(is_same(as_json(parsed), one["calls"])) << one["id"] << as_json(parsed);
    EXPECT_EQ(parsed.remaining, one["remaining"].get<std::string>()) << one["id"];
    const Json fault = parsed.fault ? Json(to_string(*parsed.fault)) : Json(nullptr);
    EXPECT_EQ(fault, one["error"]) << one["id"];
  });
  EXPECT_EQ(count, 60);
}

struct Written {
  const char* text;
  const char* result;  // the calls as JSON, or the reason
};

std::string result_of(std::string_view text, ToolCallFormat format) {
  const ParsedToolCalls parsed = parse_tool_calls(text, format);
  if (!parsed.fault) return as_json(parsed).dump();
  EXPECT_EQ(parsed.remaining, text);
  EXPECT_TRUE(parsed.calls.empty());
  return std::string(to_string(*parsed.fault));
}

constexpr Written kGemma4Calls[] = {
    Written{"<|tool_call>call:f{a:<|\"|>x<|\"|>}\r\n\t <tool_call|>",
            R"([{"name":"f","arguments":{"a":"x"}}])"},
    Written{"<|tool_call>call:f{a\n:1}<tool_call|>", R"([{"name":"f","arguments":{"a":1}}])"},
    Written{"<|tool_call>call:f{<|\"|><|\"|>:1}<tool_call|>",
            R"([{"name":"f","arguments":{"":1}}])"},
    Written{"<|tool_call>call:f{a:18446744073709551615}<tool_call|>",
            R"([{"name":"f","arguments":{"a":18446744073709551615}}])"},
    Written{"<|tool_call>call:f{a:1}<tool_call|><|channel>t<|tool_call>",
            R"([{"name":"f","arguments":{"a":1}}])"},
    Written{"<|channel>never closed <|tool_call>call:", "[]"},
    Written{"<|tool_call>call:f {}<tool_call|>", "bad_name"},
    Written{"<|tool_call>call:f/g{}<tool_call|>", "bad_name"},
    Written{"<|tool_call> call:f{}<tool_call|>", "no_call_prefix"},
    Written{"<|tool_call>", "unterminated"},
    Written{"<|tool_call>cal", "unterminated"},
    Written{"<|tool_call>call:", "unterminated"},
    Written{"<|tool_call>call:f", "unterminated"},
    Written{"<|tool_call>call:f{", "unterminated"},
    Written{"<|tool_call>call:f{a", "unterminated"},
    Written{"<|tool_call>call:f{a:", "unterminated"},
    Written{"<|tool_call>call:f{a:1", "unterminated"},
    Written{"<|tool_call>call:f{a:[1", "unterminated"},
    Written{"<|tool_call>call:f{a:<|\"|>", "unterminated_string"},
    Written{"<|tool_call>call:f{<|\"|>a", "unterminated_string"},
    Written{"<|tool_call>call:f{a:1}", "no_end_marker"},
    Written{"<|tool_call>call:f{a:1}}<tool_call|>", "no_end_marker"},
    Written{"<|tool_call>call:f{a:1,}<tool_call|>", "bad_key"},
    Written{"<|tool_call>call:f{,a:1}<tool_call|>", "bad_key"},
    Written{"<|tool_call>call:f{:1}<tool_call|>", "bad_key"},
    Written{"<|tool_call>call:f{\"a\":1}<tool_call|>", "bad_key"},
    Written{"<|tool_call>call:f{a\nb:1}<tool_call|>", "bad_key"},
    Written{"<|tool_call>call:f{<|\"|>a<|\"|>1}<tool_call|>", "bad_key"},
    Written{"<|tool_call>call:f{a:[1,]}<tool_call|>", "bad_value"},
    Written{"<|tool_call>call:f{a:\"x\"}<tool_call|>", "bad_value"},
    Written{"<|tool_call>call:f{a:True}<tool_call|>", "bad_value"},
    Written{"<|tool_call>call:f{a:01}<tool_call|>", "bad_value"},
    Written{"<|tool_call>call:f{a:1.}<tool_call|>", "bad_value"},
    Written{"<|tool_call>call:f{a:+1}<tool_call|>", "bad_value"},
    Written{"<|tool_call>call:f{a:NaN}<tool_call|>", "bad_value"},
    Written{"<|tool_call>call:f{a:1e999}<tool_call|>", "bad_value"},
    Written{"<|tool_call>call:f{a:[1 2]}<tool_call|>", "bad_separator"},
    Written{"<|tool_call>call:f{a:[1}}<tool_call|>", "bad_separator"},
    Written{"<|tool_call>call:f{a:<|\"|>x<|\"|>y}<tool_call|>", "bad_separator"},
    Written{"<|tool_call>call:f{a:{b:1,b:2}}<tool_call|>", "duplicate_key"},
    Written{"<|tool_call>call:f{}<tool_call|> then <|tool_call>x", "no_call_prefix"}};

TEST(Gemma4Calls, AreReadStrictly) {
  for (const Written& one : kGemma4Calls) {
    EXPECT_EQ(result_of(one.text, ToolCallFormat::kGemma4), one.result) << one.text;
  }
}

constexpr Written kJsonCalls[] = {
    Written{"<tool_call>{\"name\":\"f\",\"arguments\":\" {\\\"a\\\": 1} \"}</tool_call>",
            R"([{"name":"f","arguments":{"a":1}}])"},
    Written{"<tool_call>{\"name\":\"f\",\"arguments\":{\"a\":\"\x01\"}}</tool_call>",
            R"([{"name":"f","arguments":{"a":"\u0001"}}])"},
    Written{"<tool_call>", "unterminated"},
    Written{"<tool_call>{\"name\": tru", "unterminated"},
    Written{"<tool_call>{\"name\": -", "unterminated"},
    Written{"<tool_call>{\"name\": 1e", "unterminated"},
    Written{"<tool_call>{\"name\": trux", "bad_json"},
    Written{"<tool_call>{\"name\": \"a\\", "unterminated_string"},
    Written{"<tool_call>{\"name\": \"a\\u12", "unterminated_string"},
    Written{"<tool_call>{\"name\": \"\\ud83d\"}</tool_call>", "bad_json"},
    Written{"<tool_call>{\"name\": \"\\ude42\"}</tool_call>", "bad_json"},
    Written{"<tool_call>{\"a\": NaN}</tool_call>", "bad_json"},
    Written{"<tool_call>{\"a\": Infinity}</tool_call>", "bad_json"},
    Written{"<tool_call>{\"a\": 01}</tool_call>", "bad_json"},
    Written{"<tool_call>{a: 1}</tool_call>", "bad_json"},
    Written{"<tool_call>{\"a\": [1,]}</tool_call>", "bad_json"},
    Written{"<tool_call>{\"a\": {\"b\":1,\"b\":1}}</tool_call>", "duplicate_key"},
    Written{"<tool_call>5</tool_call>", "not_object"},
    Written{"<tool_call>\"x\" </tool_call>", "not_object"},
    Written{"<tool_call>[] extra</tool_call>", "no_end_marker"},
    Written{"<tool_call>{\"name\":\"\",\"arguments\":{}}</tool_call>", "bad_name"},
    Written{"<tool_call>{\"name\":\"a b\",\"arguments\":{}}</tool_call>", "bad_name"},
    Written{"<tool_call>{\"name\":5}</tool_call>", "bad_name"},
    Written{"<tool_call>{\"name\":\"f\",\"arguments\":null}</tool_call>", "bad_arguments"},
    Written{"<tool_call>{\"name\":\"f\",\"arguments\":\"[]\"}</tool_call>", "bad_arguments"},
    Written{"<tool_call>{\"name\":\"f\",\"arguments\":\"{} x\"}</tool_call>", "bad_arguments"},
    Written{"<tool_call>{\"name\":\"f\",\"arguments\":\"{\"}</tool_call>", "bad_arguments"}};

TEST(JsonCalls, AreReadStrictly) {
  for (const Written& one : kJsonCalls) {
    EXPECT_EQ(result_of(one.text, ToolCallFormat::kJson), one.result) << one.text;
  }
}

std::string nested_gemma4(int levels) {
  std::string text = "<|tool_call>call:f{a:";
  for (int i = 1; i < levels; ++i) text += "[";
  for (int i = 1; i < levels; ++i) text += "]";
  return text + (levels == 1 ? "1}" : "}") + "<tool_call|>";
}

TEST(ToolCallParser, AllowsSixtyFourLevels) {
  EXPECT_FALSE(parse_tool_calls(nested_gemma4(64), ToolCallFormat::kGemma4).fault);
  EXPECT_EQ(parse_tool_calls(nested_gemma4(65), ToolCallFormat::kGemma4).fault,
            ToolCallFault::kTooDeep);
  EXPECT_EQ(parse_tool_calls(nested_gemma4(100000), ToolCallFormat::kGemma4).fault,
            ToolCallFault::kTooDeep);
}

TEST(ToolCallParser, KeepsTheOrderOfMembers) {
  const auto parsed = parse_tool_calls("<|tool_call>call:f{z:1,a:2,m:{y:1,b:2}}<tool_call|>",
                                       ToolCallFormat::kGemma4);
  ASSERT_EQ(parsed.calls.size(), 1U);
  EXPECT_EQ(parsed.calls[0].arguments.dump(), R"({"z":1,"a":2,"m":{"y":1,"b":2}})");
}

TEST(ToolCallParser, SaysWhereTheFaultIs) {
  const auto parsed =
      parse_tool_calls("ab<|tool_call>call:f{a:Oslo}<tool_call|>", ToolCallFormat::kGemma4);
  EXPECT_EQ(parsed.fault, ToolCallFault::kBadValue);
  EXPECT_EQ(parsed.fault_at, 23U);
}

TEST(ToolCallParser, ManyCallsAndMembersTakeLinearTime) {
  std::string calls;
  for (int i = 0; i < 20000; ++i) calls += "<|tool_call>call:f{a:1}<tool_call|>text";
  EXPECT_EQ(parse_tool_calls(calls, ToolCallFormat::kGemma4).calls.size(), 20000U);
  std::string members = "<tool_call>{\"name\":\"f\",\"arguments\":{\"k\":0";
  for (int i = 0; i < 100000; ++i) members += ",\"k" + std::to_string(i) + "\":1";
  const auto parsed = parse_tool_calls(members + "}}</tool_call>", ToolCallFormat::kJson);
  ASSERT_EQ(parsed.calls.size(), 1U);
  EXPECT_EQ(parsed.calls[0].arguments.size(), 100001U);
}

}  // namespace
}  // namespace lapidary::tokenizer
