#include "base/json.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "support/paths.h"

namespace lapidary {
namespace {

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Json, KeepsTheOrderOfKeys) {
  EXPECT_EQ(dump_json(parse_json(R"({"b":1,"a":1.0})", "x")), R"({"b":1,"a":1.0})");
}

TEST(Json, RefusesDeepNestingWithoutRecursing) {
  const std::string deep(1'000'000, '[');
  EXPECT_NE(message_of([&] { parse_json(deep, "deep.json"); }).find("nested deeper"),
            std::string::npos);
}

TEST(Json, ErrorsNameDocumentKeyAndTypes) {
  const Json json = parse_json(R"({"count":"three"})", "x");
  const JsonObject object(json, "config.json");
  EXPECT_EQ(message_of([&] { object.get_int("count"); }),
            "config.json: \"count\" must be an integer, found string \"\\\"three\\\"\"");
  EXPECT_EQ(message_of([&] { object.get_int("size"); }), "config.json: \"size\" is missing");
}

TEST(Json, LinesNameFileAndNumber) {
  test::ScratchFolder scratch;
  std::ofstream(scratch.file("a.jsonl")) << "{\"a\":1}\n\n{oops\n";
  int seen = 0;
  const std::string message = message_of(
      [&] { for_each_json_line(scratch.file("a.jsonl"), [&](const Json&, int64_t) { ++seen; }); });
  EXPECT_EQ(seen, 1);
  EXPECT_NE(message.find("a.jsonl line 3"), std::string::npos) << message;
}

}  // namespace
}  // namespace lapidary
