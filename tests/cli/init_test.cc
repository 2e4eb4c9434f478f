// lapidary init, run as a program.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "cli/program.h"
#include "cli/tiny_checkpoint.h"

namespace lapidary {
namespace {

using test::run_program;
using test::ScratchFolder;

TEST(Init, MakesACheckpointWithoutProblems) {
  const test::TinyCheckpoint tiny;
  const auto inspected = run_program({"inspect", tiny.folder(), "--json", "-"});
  ASSERT_EQ(inspected.status, 0) << inspected.err;
  const Json json = parse_json(inspected.out, "inspect");
  EXPECT_EQ(json["num_layers"], 6);
  EXPECT_TRUE(json["problems"].empty());
  for (const char* name : {"config.json", "tokenizer.json", "tokenizer_config.json",
                           "chat_template.jinja", "generation_config.json"}) {
    EXPECT_TRUE(std::filesystem::exists(tiny.folder() + "/" + name)) << name;
  }
}

TEST(Init, TheSameSeedGivesTheSameBytes) {
  const ScratchFolder scratch;
  const auto make = [&](const std::string& name, const std::string& seed,
                        const std::string& dtype) {
    const auto made =
        run_program({"init", "--config", test::project_path("assets/tiny/config.json"), "--output",
                     scratch.file(name), "--seed", seed, "--dtype", dtype});
    EXPECT_EQ(made.status, 0) << made.err;
    return read_file(scratch.file(name) + "/model.safetensors");
  };
  const std::string first = make("a", "1", "float32");
  EXPECT_EQ(first, make("b", "1", "float32"));
  EXPECT_NE(first, make("c", "2", "float32"));
  EXPECT_LT(make("d", "1", "bfloat16").size(), first.size() * 6 / 10);
}

TEST(Init, RefusesWhatWouldBeLost) {
  const test::TinyCheckpoint tiny;
  const std::string config = test::project_path("assets/tiny/config.json");
  const auto again = run_program({"init", "--config", config, "--output", tiny.folder()});
  EXPECT_NE(again.status, 0);
  EXPECT_NE(again.err.find(tiny.folder()), std::string::npos) << again.err;
  EXPECT_EQ(run_program({"init", "--config", config, "--tokenizer", tiny.file("none"), "--output",
                         tiny.file("other")})
                .status,
            2);
  EXPECT_EQ(
      run_program({"init", "--config", tiny.file("none.json"), "--output", tiny.file("other")})
          .status,
      2);
}

}  // namespace
}  // namespace lapidary
