#include "cli/inspection.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "support/paths.h"

namespace lapidary::cli {
namespace {

namespace fs = std::filesystem;

std::string fixture(const std::string& name) {
  return test::project_path("tests/data/gemma4-fixtures/" + name);
}

TEST(Inspection, ASoundCheckpointHasNoProblems) {
  for (const char* name : {"moe-tiny", "dense-tiny", "moe-tiny-bf16", "e2b-tiny"}) {
    const Inspection inspection = inspect_checkpoint(fixture(name));
    EXPECT_TRUE(inspection.problems.empty()) << name << ": " << join(inspection.problems);
    EXPECT_NE(to_text(inspection).find("no problems"), std::string::npos);
  }
}

TEST(Inspection, TheJsonHasTheContractsFields) {
  const Json json = to_json(inspect_checkpoint(fixture("moe-tiny-bf16")));
  EXPECT_EQ(json["architecture"], "Gemma4ForConditionalGeneration");
  EXPECT_EQ(json["num_parameters"], 302416);
  EXPECT_EQ(json["num_active_parameters"], 302416 - 6 * 6 * 3 * 16 * 64);  // 6 of 8 experts idle
  EXPECT_EQ(json["num_layers"], 6);
  EXPECT_EQ(json["tensors"].size(), 151U);
  EXPECT_EQ(dump_json(json["tensors"][0]),
            R"({"name":"model.embed_vision.embedding_projection.weight","dtype":"BF16",)"
            R"("shape":[64,16]})");
  EXPECT_TRUE(json["problems"].is_array() && json["problems"].empty());
}

TEST(Inspection, ProblemsAreCollectedFromEveryPart) {
  const test::ScratchFolder scratch;
  fs::copy(fixture("moe-tiny/model.safetensors"), scratch.path());
  Json config = read_json_file(fixture("moe-tiny/config.json"));
  config["intermediate_size"] = 95;
  write_file_atomically(scratch.file("config.json"), dump_json(config));
  write_file_atomically(scratch.file("tokenizer.json"), "{\"model\": ");
  const Inspection inspection = inspect_checkpoint(scratch.path());
  // Three matrices of each of six layers, and the tokenizer.
  EXPECT_EQ(inspection.problems.size(), 19U) << to_text(inspection);
  EXPECT_NE(to_text(inspection).find("mis-shaped tensor model.layers.0.mlp.down_proj.weight"),
            std::string::npos);
  EXPECT_NE(inspection.problems.back().find("tokenizer.json: not valid JSON"), std::string::npos);
}

TEST(Inspection, WhatCannotBeReadIsAProblemAndTheRestIsShown) {
  const test::ScratchFolder scratch;
  const Json nothing = to_json(inspect_checkpoint(scratch.path()));
  EXPECT_EQ(nothing["problems"].size(), 2U) << dump_json(nothing);
  EXPECT_TRUE(nothing["num_parameters"].is_null());
  fs::copy(fixture("moe-tiny/model.safetensors"), scratch.path());
  const Json no_config = to_json(inspect_checkpoint(scratch.path()));
  EXPECT_EQ(no_config["problems"].size(), 1U);
  EXPECT_EQ(no_config["tensors"].size(), 133U);
  fs::copy(fixture("moe-tiny/config.json"), scratch.path());
  fs::resize_file(scratch.file("model.safetensors"), 100'000);
  const Json cut = to_json(inspect_checkpoint(scratch.path()));
  EXPECT_EQ(cut["num_layers"], 6);
  EXPECT_EQ(cut["problems"].size(), 1U);
  EXPECT_THROW(inspect_checkpoint(scratch.file("nowhere")), Error);
}

TEST(TokenizerSummary, CountsEntriesMergesAndAddedTokens) {
  const test::ScratchFolder scratch;
  EXPECT_FALSE(summarize_tokenizer(scratch.path()).has_value());
  write_file_atomically(
      scratch.file("tokenizer.json"),
      R"({"version": "1.0", "added_tokens": [{"id": 0, "content": "<pad>", "special": true},)"
      R"( {"id": 1, "content": "x", "special": false}], "post_processor": {"special": true},)"
      R"( "model": {"type": "BPE", "vocab": {"a": 0, "type": 1, "vocab": 2},)"
      R"( "merges": [["a", "b"], "c d"], "unk": [["x"]]}})");
  const TokenizerSummary summary = summarize_tokenizer(scratch.path()).value();
  EXPECT_EQ(summary.to_text(), "BPE, 3 entries, 2 merges, 2 added tokens (1 special)");
}

}  // namespace
}  // namespace lapidary::cli
