#include "tokenizer/json_scanner.h"

#include <gtest/gtest.h>

#include <map>

#include "tokenizer/vectors.h"

namespace lapidary::tokenizer {
namespace {

std::string first_string(std::string_view text) {
  JsonScanner scan(text, "x");
  return std::string(scan.string());
}

TEST(JsonScanner, ReadsObjectsOfIntegers) {
  const std::string text = " { \"a\" : 1 ,\"\\u0062\":-20, \"\":0 } ";
  JsonScanner scan(text, "x");
  std::map<std::string, int64_t> found;
  scan.each_member([&](std::string_view key) {
    const std::string name(key);
    found[name] = scan.integer();
  });
  scan.expect_end();
  EXPECT_EQ(found, (std::map<std::string, int64_t>{{"a", 1}, {"b", -20}, {"", 0}}));
}

TEST(JsonScanner, UnescapesAsJsonSays) {
  EXPECT_EQ(first_string(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(first_string(R"("a\u00e9\u4E2D\ud83d\ude00z")"),
            "a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80z");
}

TEST(JsonScanner, SkipsValuesWhole) {
  const std::string text = R"([{"a":"]\\\"}","b":[1,{"c":null}]}, "x,\\" ,7])";
  JsonScanner scan(text, "x");
  std::vector<std::string> values;
  scan.each_element([&] { values.emplace_back(scan.skip_value()); });
  scan.expect_end();
  EXPECT_EQ(values,
            (std::vector<std::string>{R"({"a":"]\\\"}","b":[1,{"c":null}]})", R"("x,\\" )", "7"}));
}

TEST(JsonScanner, RefusesWhatIsNoJson) {
  for (const char* text :
       {"", "a", "\"a", "\"\\", "\"\\u12\"", "\"\\x\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
        "\"\\udc00\"", "\"\n\"", "\"\xFF\"", "\"\\n\xFF\""}) {
    EXPECT_NE(error_of([&] { first_string(text); }), "no error") << text;
  }
  for (const char* text : {"", "-", "01", "1.5", "1e3", "99999999999999999999", "x"}) {
    JsonScanner scan(text, "x");
    EXPECT_NE(error_of([&] { scan.integer(); }), "no error") << text;
  }
  for (const char* text : {"{", "{\"a\"}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{a:1}", "[1]"}) {
    JsonScanner scan(text, "x");
    EXPECT_NE(error_of([&] { scan.each_member([&](std::string_view) { scan.integer(); }); }),
              "no error")
        << text;
  }
  JsonScanner scan("{} x", "doc");
  scan.each_member([](std::string_view) {});
  EXPECT_EQ(error_of([&] { scan.expect_end(); }),
            "doc: not valid JSON at byte 3: expected the end of the text");
}

}  // namespace
}  // namespace lapidary::tokenizer
