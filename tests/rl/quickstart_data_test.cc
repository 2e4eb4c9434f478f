// The example's conversations show the system text that the retool environment puts into prompts.
#include <gtest/gtest.h>

#include "base/file.h"
#include "rl/env/retool.h"
#include "support/paths.h"

namespace lapidary::rl {
namespace {

TEST(ArithmeticExample, ItsSystemTextIsThatOfTheEnvironment) {
  const std::string text = read_file(test::project_path("examples/arithmetic/retool-system.txt"));
  EXPECT_EQ(text, retool_system_text(Json::array({code_interpreter_declaration()})) + "\n");
}

}  // namespace
}  // namespace lapidary::rl
