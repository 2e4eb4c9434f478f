#include "sandbox/code_interpreter.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "sandbox/sandbox_fixture.h"
#include "sandbox/slime_ban_list.h"
#include "support/fake_sandbox.h"
#include "support/paths.h"

namespace lapidary::sandbox {
namespace {

Json oracle_cases() {
  return read_json_file(test::project_path("tests/data/rl-oracles/retool-sandbox.json"));
}

TEST(SlimeBanList, EqualsTheOracle) {
  int count = 0;
  for (const Json& each : oracle_cases()) {
    if (each.at("kind") != "sandbox_check") continue;
    SCOPED_TRACE(each.at("id").get<std::string>());
    const auto refusal = slime_refusal(each.at("input").at("code").get<std::string>());
    const Json& expected = each.at("expected");
    EXPECT_EQ(!refusal.has_value(), expected.at("allowed").get<bool>());
    EXPECT_EQ(refusal ? Json(*refusal) : Json(nullptr), expected.at("message"));
    ++count;
  }
  EXPECT_EQ(count, 50);
}

// Expected values from Python's re with the same patterns.
TEST(SlimeBanList, ReadsUnicodeAsPythonDoes) {
  EXPECT_TRUE(slime_refusal("import\xC2\xA0os"));       // no-break space
  EXPECT_TRUE(slime_refusal("eval\xE3\x80\x80(1)"));    // ideographic space
  EXPECT_TRUE(slime_refusal("i\xC5\xBFinstance (1)"));  // long s folds to s
  EXPECT_TRUE(slime_refusal("\xC5\xBFuper(1)"));        // long s folds to s
  EXPECT_TRUE(slime_refusal("__\xC3\xA9__"));           // a letter
  EXPECT_FALSE(slime_refusal("__\xE2\x82\xAC__"));      // the euro sign is none
  EXPECT_FALSE(slime_refusal("____"));
  EXPECT_TRUE(slime_refusal("_____"));
}

TEST(SlimeBanList, EndsSoonOnHostileText) {
  std::string text = "eval";
  text.append(1 << 20, ' ');
  EXPECT_FALSE(slime_refusal(text));
  EXPECT_FALSE(slime_refusal(std::string(1 << 20, '_').substr(0, 3)));
  EXPECT_TRUE(slime_refusal(text + "("));
}

TEST(CodeInterpreter, SlimeWordingEqualsTheOracle) {
  CREATE_SANDBOX_OR_SKIP(sandbox, small_options());
  CodeInterpreter interpreter(sandbox, ToolWording::kSlime);
  int count = 0;
  for (const Json& each : oracle_cases()) {
    if (each.at("kind") != "sandbox_run") continue;
    SCOPED_TRACE(each.at("id").get<std::string>());
    const std::string text = interpreter.run(each.at("input").at("code").get<std::string>()).text;
    const Json& expected = each.at("expected");
    if (expected.at("compare") == "exact") {
      EXPECT_EQ(text, expected.at("result").get<std::string>());
    } else {
      EXPECT_EQ(text.substr(0, text.find('\n')), expected.at("prefix").get<std::string>());
      EXPECT_NE(text.find(expected.at("contains").get<std::string>()), std::string::npos) << text;
    }
    ++count;
  }
  EXPECT_EQ(count, 25);
}

TEST(CodeInterpreter, SlimeWordingNamesWhatTheProgramCannot) {
  CREATE_SANDBOX_OR_SKIP(sandbox, small_options());
  CodeInterpreter interpreter(sandbox, ToolWording::kSlime);
  EXPECT_EQ(interpreter.run("while True: pass").text,
            "Error: Code execution timed out after 1.5 seconds");
  EXPECT_EQ(
      interpreter.run("print(sys.maxsize > 0, StringIO, file=sys.stderr)\n1/0").text.substr(0, 24),
      "Error: division by zero\n");
  EXPECT_EQ(interpreter.run("sys.stderr.write('e')\nprint('o')").text, "Output:\no\n\nErrors:\ne");
}

TEST(CodeInterpreter, PlainWordingKeepsWhatWasPrintedBeforeAnException) {
  CREATE_SANDBOX_OR_SKIP(sandbox, small_options());
  CodeInterpreter interpreter(sandbox, ToolWording::kPlain);
  EXPECT_EQ(interpreter.run("print(35*7)").text, "Output:\n245");
  EXPECT_EQ(interpreter.run("x = 1").text, "");
  EXPECT_EQ(interpreter.run("s = '''a\nb'''\nprint(s)").text, "Output:\na\nb");
  EXPECT_EQ(
      interpreter.run("print(1)\nraise ValueError('bad')").text,
      "Output:\n1\n\nErrors:\nTraceback (most recent call last):\n  File \"code.py\", line 2, "
      "in <module>\n    raise ValueError('bad')\nValueError: bad");
  EXPECT_EQ(interpreter.run("import sys\nsys.exit(3)").text, "Error: Process exited with code 3");
  EXPECT_EQ(interpreter.run("print('a')\nwhile True: pass").text,
            "Output:\na\n\nError: Code execution timed out after 1.5 seconds");
  EXPECT_EQ(interpreter.run("import os\nos.kill(os.getpid(), 9)").text,
            "Error: ended by signal 9 (Killed)");
}

TEST(CodeInterpreter, NamesEveryEndThatTheProgramCannot) {
  ToolResult end;
  test::FakeSandbox sandbox([&](const std::string&) { return end; });
  const auto texts = [&](ToolStatus status, int signal) {
    end = {};
    end.status = status;
    end.signal = signal;
    const std::string plain = CodeInterpreter(sandbox, ToolWording::kPlain).run("x").text;
    return std::pair(plain, CodeInterpreter(sandbox, ToolWording::kSlime).run("x").text);
  };
  EXPECT_EQ(texts(ToolStatus::kMemory, 9),
            std::pair(std::string("Error: more than 2.00 GiB of memory"),
                      std::string("Error: Process exited with code -9\n")));
  EXPECT_EQ(texts(ToolStatus::kFlood, 9).first, "Error: more than 64.00 MiB of output");
  EXPECT_EQ(texts(ToolStatus::kKilled, 11).first, "Error: ended by signal 11 (Segmentation fault)");
  EXPECT_EQ(texts(ToolStatus::kTimeout, 9).second,
            "Error: Code execution timed out after 30 seconds");
  EXPECT_EQ(texts(ToolStatus::kUnavailable, 0).second, "Error: the code was not run (unavailable)");
  EXPECT_EQ(sandbox.programs().at(0), "x");
  EXPECT_EQ(sandbox.programs().at(1), slime_program("x"));
}

TEST(CodeInterpreter, RefusedCodeIsNotRun) {
  test::FakeSandbox sandbox([](const std::string&) { return ToolResult{}; });
  const ToolAnswer answer = CodeInterpreter(sandbox, ToolWording::kSlime).run("import os");
  EXPECT_EQ(answer.text, "Error: Code contains dangerous pattern: import\\s+os");
  EXPECT_EQ(answer.result.status, ToolStatus::kRefused);
  EXPECT_TRUE(sandbox.programs().empty());
}

}  // namespace
}  // namespace lapidary::sandbox
