// The interpreter against Jinja2 3.1.6 as transformers 5.24 sets it up: recorded renderings of our
// own templates (tests/data/jinja, made by tools/make_jinja_cases.py).
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "support/paths.h"
#include "tokenizer/chat_template.h"
#include "tokenizer/jinja/time_format.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer {
namespace {

constexpr const char* kNow = "2024-07-26T10:00:00.123456";

std::string describe(const Rendering& rendering) {
  std::string out = "rendered " + dump_json(Json(rendering.text));
  for (const GenerationSpan& span : rendering.generations) {
    const std::string_view text = rendering.text;
    const auto characters = [&](size_t byte) {
      return jinja::count_code_points(text.substr(0, byte));
    };
    out += cat(" [", characters(span.begin), ", ", characters(span.end), ")");
  }
  return out;
}

std::string describe(RenderFailure failure, const std::string& reason) {
  const bool is_raise = failure == RenderFailure::kRaise;
  return cat("error ", to_string(failure), is_raise ? ": " + reason : "");
}

std::string outcome(const Json& one, const Json& shared_context) {
  const Json& context = one.contains("context") ? one["context"] : shared_context;
  try {
    const auto compiled = ChatTemplate::from_text(one["template"].get<std::string>(), "case");
    return describe(compiled.render_with_spans(
        context,
        jinja::parse_iso_time(one.contains("now") ? one["now"].get<std::string>() : kNow)));
  } catch (const RenderError& error) {
    return describe(error.failure(), error.reason());
  }
}

std::string expectation(const Json& one) {
  if (one.contains("error")) {
    const std::string kind = one["error"]["kind"].get<std::string>();
    const bool is_raise = kind == "raise";
    return cat("error ", kind, is_raise ? ": " + one["error"]["message"].get<std::string>() : "");
  }
  std::string out = "rendered " + dump_json(one["rendered"]);
  if (one.contains("spans")) {
    for (const Json& span : one["spans"]) {
      out += cat(" [", span[0].get<int64_t>(), ", ", span[1].get<int64_t>(), ")");
    }
  }
  return out;
}

class JinjaCases : public ::testing::TestWithParam<const char*> {};

TEST_P(JinjaCases, RendersAsJinjaDoes) {
  const std::string folder = test::project_path("tests/data/jinja/");
  const Json context = read_json_file(folder + "context.json");
  int64_t count = 0;
  int64_t wrong = 0;
  for_each_json_line(folder + GetParam() + ".jsonl", [&](const Json& one, int64_t number) {
    ++count;
    const std::string found = outcome(one, context);
    const std::string expected = expectation(one);
    if (found == expected || ++wrong > 10) return;
    ADD_FAILURE() << GetParam() << " line " << number << ": " << one["template"].get<std::string>()
                  << "\nexpected " << expected << "\nfound    " << found;
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(count, 20);
}

INSTANTIATE_TEST_SUITE_P(Files, JinjaCases,
                         ::testing::Values("whitespace", "literals", "arithmetic", "comparison",
                                           "attributes", "text_methods", "formatting", "variables",
                                           "loops", "macros", "filters", "tests", "mixed",
                                           "generated"),
                         [](const auto& file) { return std::string(file.param); });

}  // namespace
}  // namespace lapidary::tokenizer
