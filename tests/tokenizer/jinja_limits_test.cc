// Hostile templates end as errors: no hang, no exhausted memory, no overrun stack.
#include <gtest/gtest.h>

#include "tokenizer/chat_template.h"

namespace lapidary::tokenizer {
namespace {

// The kind of the error that the rendering ends with, or "rendered".
std::string ending(const std::string& text, const Limits& limits = {}) {
  try {
    ChatTemplate::from_text(text, "hostile").render_within(limits, Json::object());
    return "rendered";
  } catch (const RenderError& error) {
    return std::string(to_string(error.failure())) + ": " + error.reason();
  }
}

std::string repeated(const std::string& piece, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += piece;
  return out;
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(JinjaLimits, EndlessRecursionOfMacrosIsAnError) {
  const std::string end = ending("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}");
  EXPECT_TRUE(mentions(end, "type: maximum recursion depth")) << end;
}

TEST(JinjaLimits, AllowsTheRecursionThatPythonAllows) {
  const std::string text =
      "{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(190) }}";
  EXPECT_EQ(ending(text), "rendered");
}

TEST(JinjaLimits, EndlessRecursionOfLoopsIsAnError) {
  const std::string end = ending("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}");
  EXPECT_TRUE(mentions(end, "maximum recursion depth")) << end;
}

TEST(JinjaLimits, NestedLoopsRunOutOfSteps) {
  const std::string text =
      "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}";
  Limits limits;
  limits.steps = 1'000'000;
  const std::string end = ending(text, limits);
  EXPECT_TRUE(mentions(end, "type: the rendering takes more than 1000000 steps")) << end;
}

TEST(JinjaLimits, GrowingTextRunsOutOfMemory) {
  const std::string doubling =
      "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(64) %}{% set ns.x = ns.x ~ ns.x %}"
      "{% endfor %}";
  for (const std::string& text :
       {doubling, std::string("{{ 'x' * 99999999999 }}"), std::string("{{ 'x'.center(10**12) }}"),
        std::string("{{ '%999999999d' % 5 }}"), std::string("{{ '{:>999999999}'.format(5) }}"),
        std::string("{{ [0] * 10**10 }}"), std::string("{{ 'a\nb' | indent(10**11) }}"),
        std::string("{{ [1] | tojson(indent=10**11) }}"),
        std::string("{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}")}) {
    const std::string end = ending(text);
    EXPECT_TRUE(mentions(end, "of memory") || mentions(end, "width too big"))
        << text << ": " << end;
  }
}

TEST(JinjaLimits, SharedListsDoNotPrintForEver) {
  const std::string text =
      "{% set ns = namespace(x=[1]) %}{% for i in range(90) %}{% set ns.x = [ns.x, ns.x] %}"
      "{% endfor %}";
  for (const std::string use : {"{{ ns.x }}", "{{ ns.x | tojson }}", "{{ ns.x == [ns.x] }}"}) {
    Limits limits;
    limits.steps = 2'000'000;
    limits.live_bytes = size_t{32} << 20;
    const std::string end = ending(text + use, limits);
    EXPECT_TRUE(mentions(end, "type: the rendering") || end == "rendered") << use << end;
  }
}

TEST(JinjaLimits, DeepValuesAreRefused) {
  const std::string text =
      "{% set ns = namespace(x=1) %}{% for i in range(5000) %}{% set ns.x = [ns.x] %}{% endfor %}";
  EXPECT_TRUE(mentions(ending(text), "type: a value is nested deeper than"));
  const std::string lazy =
      "{% set ns = namespace(x=[1]) %}{% for i in range(5000) %}"
      "{% set ns.x = ns.x | map('string') %}{% endfor %}{{ ns.x | list }}";
  EXPECT_TRUE(mentions(ending(lazy), "type: a value is nested deeper than"));
}

TEST(JinjaLimits, NestedSyntaxIsRefused) {
  for (const std::string& text :
       {"{{ " + repeated("(", 5000) + "1" + repeated(")", 5000) + " }}",
        "{{ " + repeated("[", 5000) + repeated("]", 5000) + " }}",
        "{{ " + repeated("-", 5000) + "1 }}", "{{ " + repeated("not ", 5000) + "1 }}",
        "{{ 1" + repeated(" + 1", 5000) + " }}", "{{ x" + repeated(".a", 5000) + " }}",
        "{{ x" + repeated("|d", 5000) + " }}", "{{ 1" + repeated(" if 1 else 1", 5000) + " }}",
        repeated("{% if 1 %}", 5000) + repeated("{% endif %}", 5000),
        repeated("{% for x in [1] %}", 5000) + repeated("{% endfor %}", 5000)}) {
    const std::string end = ending(text);
    EXPECT_TRUE(mentions(end, "syntax: ") && mentions(end, "nested deeper than")) << end;
  }
}

TEST(JinjaLimits, LongFlatTemplatesAreFine) {
  EXPECT_EQ(ending(repeated("{% if 1 %}a{% elif 0 %}b{% else %}c{% endif %}{{ 1 + 1 }}", 5000)),
            "rendered");
  EXPECT_EQ(ending("{% if 0 %}" + repeated("{% elif 0 %}", 5000) + "{% endif %}"), "rendered");
}

TEST(JinjaLimits, ValuesThatHoldThemselvesAreFreed) {
  const std::string text =
      "{% set ns = namespace() %}{% set ns.self = ns %}{% macro m(x) %}{{ x }}{% endmacro %}"
      "{% set ns.m = m %}{% for x in [1, 2] %}{{ loop.changed(loop) }}{% set ns.loop = loop %}"
      "{% endfor %}{{ ns.self.m(1) }}{{ ns.loop.index }}{{ ns }}";
  EXPECT_EQ(ending(text), "rendered");
}

TEST(JinjaLimits, ChainsOfNamespacesDoNotOverrunTheStack) {
  const std::string text =
      "{% set ns = namespace(n=none) %}{% for i in range(50000) %}"
      "{% set ns.n = namespace(n=ns.n) %}{% endfor %}{% set ns.n = none %}";
  EXPECT_EQ(ending(text), "rendered");
}

}  // namespace
}  // namespace lapidary::tokenizer
