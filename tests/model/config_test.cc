#include "model/gemma4/config.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "model/gemma4/generation_config.h"
#include "support/paths.h"

namespace lapidary::model {
namespace {

Json published(const std::string& size) {
  return read_json_file(test::project_path("tests/data/gemma4-configs/" + size + ".json"));
}

Json fixture(const std::string& name, const std::string& file = "config.json") {
  return read_json_file(test::project_path("tests/data/gemma4-fixtures/" + name + "/" + file));
}

Gemma4Config parse(const Json& json) {
  return Gemma4Config::from_json(json, "config.json");
}

struct Refusal {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;
};

Refusal refusal_of(const Json& json) {
  try {
    parse(json);
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  }
  return {ErrorKind::kInternal, "no error"};
}

void expect_refused(const Json& json, ErrorKind kind, const std::string& part) {
  const Refusal refusal = refusal_of(json);
  EXPECT_EQ(to_string(refusal.kind), to_string(kind)) << refusal.message;
  EXPECT_NE(refusal.message.find(part), std::string::npos)
      << "expected \"" << part << "\" in: " << refusal.message;
}

// moe-tiny's config with one change.
Json with(const std::function<void(Json&)>& change, const std::string& name = "moe-tiny") {
  Json json = fixture(name);
  change(json);
  return json;
}

TEST(Config, ReadsThe26BMixtureOfExperts) {
  const Gemma4Config config = parse(published("26b-a4b"));
  EXPECT_EQ(config.layout, CheckpointLayout::kWrapped);
  EXPECT_EQ(config.model_type, "gemma4_text");
  EXPECT_EQ(config.dtype, "bfloat16");
  EXPECT_EQ(config.num_hidden_layers, 30);
  EXPECT_FALSE(config.is_full(0));
  EXPECT_TRUE(config.is_full(29));
  EXPECT_EQ(config.head_dim(0), 256);
  EXPECT_EQ(config.head_dim(5), 512);
  EXPECT_EQ(config.num_key_value_heads(0), 8);
  EXPECT_EQ(config.num_key_value_heads(5), 2);
  EXPECT_TRUE(config.has_v_proj(0));
  EXPECT_FALSE(config.has_v_proj(5));
  EXPECT_TRUE(config.has_experts());
  EXPECT_EQ(config.top_k_experts, 8);
  EXPECT_EQ(config.rope(0), (RopeParameters{RopeType::kDefault, 1e4, 1.0, 1.0}));
  EXPECT_EQ(config.rope(5), (RopeParameters{RopeType::kProportional, 1e6, 0.25, 1.0}));
  EXPECT_EQ(config.final_logit_softcapping, 30.0);
  EXPECT_EQ(config.eos_token_ids, (std::vector<int64_t>{1, 106}));
  EXPECT_FALSE(config.is_kv_shared(29));
  EXPECT_EQ(config.kv_donor(29), 29);
  EXPECT_FALSE(config.is_kv_donor(28));
  EXPECT_FALSE(config.has_per_layer_inputs());
}

TEST(Config, ReadsTheOtherPublishedSizes) {
  EXPECT_EQ(parse(published("31b")).num_key_value_heads(59), 4);
  const Gemma4Config unified = parse(published("12b"));
  EXPECT_EQ(unified.model_type, "gemma4_unified_text");
  EXPECT_EQ(unified.num_key_value_heads(47), 1);
  EXPECT_FALSE(unified.has_experts());
  const Gemma4Config e4b = parse(published("e4b"));
  EXPECT_EQ(e4b.intermediate_size(41), 10240);
  EXPECT_EQ(e4b.kv_donor(40), 22);
  EXPECT_EQ(e4b.kv_donor(41), 23);
}

TEST(Config, SharedLayersTakeKeysAndValuesFromTheLastLayerOfTheirType) {
  const Gemma4Config e2b = parse(published("e2b"));
  EXPECT_EQ(e2b.first_kv_shared_layer(), 15);
  EXPECT_EQ(e2b.kv_donor(15), 13);
  EXPECT_EQ(e2b.kv_donor(34), 14);
  EXPECT_EQ(e2b.kv_donor(12), 12);
  EXPECT_TRUE(e2b.is_kv_donor(13) && e2b.is_kv_donor(14));
  EXPECT_FALSE(e2b.is_kv_donor(12) || e2b.is_kv_donor(15));
  EXPECT_EQ(e2b.intermediate_size(14), 6144);
  EXPECT_EQ(e2b.intermediate_size(15), 12288);
  EXPECT_FALSE(e2b.has_v_proj(15));
  EXPECT_TRUE(e2b.has_v_proj(14));
  EXPECT_EQ(e2b.num_key_value_heads(14), 1);  // null, and no K = V: as the sliding layers
  EXPECT_EQ(e2b.hidden_size_per_layer_input, 256);
}

TEST(Config, BothSpellingsOfAModelAreEqual) {
  for (const char* name : {"moe-tiny", "dense-tiny", "moe-tiny-bf16", "e2b-tiny"})
    EXPECT_EQ(parse(fixture(name)), parse(fixture(name, "config.resaved.json"))) << name;
}

TEST(Config, PerLayerConfigWinsOverFlatNames) {
  const Json json = with([](Json& c) {
    c["per_layer_config"] = {{"05", {{"head_dim", 64}}}};
    c["global_head_dim"] = 128;
    c["num_global_key_value_heads"] = 4;
  });
  EXPECT_EQ(parse(json).head_dim(5), 64);
  EXPECT_EQ(parse(json).num_key_value_heads(5), 2) << "the base value, not the flat name";
  EXPECT_EQ(parse(json).head_dim(4), 16);
}

TEST(Config, OldRopeSpellingGivesTheSameConfig) {
  const Json old = with([](Json& c) {
    c.erase("rope_parameters");
    c["rope_theta"] = 1e6;
    c["rope_local_base_freq"] = 1e4;
    c["rope_scaling"] = {{"type", "proportional"}, {"partial_rotary_factor", 0.25}};
  });
  EXPECT_EQ(parse(old), parse(fixture("moe-tiny")));
  const Json scaled = with([](Json& c) {
    c.erase("rope_parameters");
    c["rope_theta"] = 5e5;
    c["rope_scaling"] = {{"rope_type", "linear"}, {"factor", 8}};
  });
  EXPECT_EQ(parse(scaled).full_rope, (RopeParameters{RopeType::kLinear, 5e5, 1.0, 8.0}));
  EXPECT_EQ(parse(scaled).sliding_rope, parse(fixture("moe-tiny")).sliding_rope);
  const Json none = with([](Json& c) { c["rope_parameters"] = nullptr; });
  EXPECT_EQ(parse(none), parse(fixture("moe-tiny"))) << "the default fits every release";
}

TEST(Config, TorchDtypeIsTheOldNameOfDtype) {
  const Json json = with([](Json& c) {
    c.erase("dtype");
    c["torch_dtype"] = "torch.bfloat16";
  });
  EXPECT_EQ(parse(json).dtype, "bfloat16");
  EXPECT_EQ(parse(with([](Json& c) { c.erase("dtype"); })).dtype, "");
}

TEST(Config, EosIsOneIdOrAListAndTheWrapperOwnsIt) {
  EXPECT_EQ(parse(fixture("moe-tiny")).eos_token_ids, (std::vector<int64_t>{1}));
  const Json list = with([](Json& c) { c["eos_token_id"] = {1, 106, 50}; });
  EXPECT_EQ(parse(list).eos_token_ids, (std::vector<int64_t>{1, 106, 50}));
  expect_refused(with([](Json& c) {
                   c["eos_token_id"] = {1, "x"};
                 }),
                 ErrorKind::kInvalidArgument,
                 "eos_token_id: must be an integer or a list of integers");
}

TEST(Config, TheLastLayerIsMadeFull) {
  const Json json = with([](Json& c) { c["layer_types"][5] = "sliding_attention"; });
  EXPECT_TRUE(parse(json).is_full(5));
}

TEST(Config, WritesBackWhatItRead) {
  for (const char* name : {"moe-tiny", "dense-tiny", "moe-tiny-bf16", "e2b-tiny"}) {
    const Json source = fixture(name);
    EXPECT_EQ(dump_json(parse(source).to_json()), dump_json(source)) << name;
    // The other spelling is written as published, too.
    EXPECT_EQ(dump_json(parse(fixture(name, "config.resaved.json")).to_json()), dump_json(source))
        << name;
  }
  for (const char* size : {"26b-a4b", "31b", "12b", "e4b", "e2b"})
    EXPECT_EQ(dump_json(parse(published(size)).to_json()), dump_json(published(size))) << size;
}

TEST(Config, KeepsFieldsItDoesNotKnowAndWritesChanges) {
  const Json json = with([](Json& c) { c["my_note"] = {{"b", 1}, {"a", 2.5}}; });
  Gemma4Config config = parse(json);
  config.dtype = "bfloat16";
  const Json written = config.to_json();
  EXPECT_EQ(dump_json(written["my_note"]), R"({"a":2.5,"b":1})");
  EXPECT_EQ(written["dtype"], "bfloat16");
}

TEST(Config, AConfigMadeInCodeIsWrittenWhole) {
  for (const char* name : {"moe-tiny", "moe-tiny-bf16", "e2b-tiny"}) {
    Gemma4Config config = parse(fixture(name));
    config.source = {};
    EXPECT_EQ(parse(config.to_json()), config) << name;
  }
}

TEST(Config, WritesPerLayerConfigWhereFlatNamesCannotSayIt) {
  const Json json = with([](Json& c) {
    c["attention_k_eq_v"] = false;
    c["per_layer_config"] = {{"5", {{"head_dim", 32}, {"num_key_value_heads", 4}}}};
  });
  const Gemma4Config config = parse(json);
  EXPECT_EQ(config.num_key_value_heads(5), 4);
  EXPECT_EQ(parse(config.to_json()), config);
}

TEST(Config, EveryRequiredFieldIsMissedByName) {
  for (const char* field : {"model_type",
                            "vocab_size",
                            "hidden_size",
                            "intermediate_size",
                            "num_hidden_layers",
                            "num_attention_heads",
                            "num_key_value_heads",
                            "head_dim",
                            "global_head_dim",
                            "num_global_key_value_heads",
                            "attention_k_eq_v",
                            "sliding_window",
                            "layer_types",
                            "max_position_embeddings",
                            "final_logit_softcapping",
                            "enable_moe_block",
                            "num_experts",
                            "top_k_experts",
                            "moe_intermediate_size",
                            "num_kv_shared_layers",
                            "hidden_size_per_layer_input"}) {
    expect_refused(with([&](Json& c) { c.erase(field); }), ErrorKind::kInvalidArgument,
                   cat("config.json: ", field, ": is missing"));
  }
  for (const char* field : {"use_double_wide_mlp", "vocab_size_per_layer_input"})
    expect_refused(with([&](Json& c) { c.erase(field); }, "e2b-tiny"), ErrorKind::kInvalidArgument,
                   cat(field, ": is missing"));
  expect_refused(with([](Json& c) { c.erase("text_config"); }, "moe-tiny-bf16"),
                 ErrorKind::kInvalidArgument, "text_config: is missing");
  expect_refused(with([](Json& c) { c["text_config"].erase("hidden_size"); }, "moe-tiny-bf16"),
                 ErrorKind::kInvalidArgument, "text_config.hidden_size: is missing");
}

TEST(Config, AllProblemsAreListedAtOnce) {
  const Refusal refusal = refusal_of(with([](Json& c) {
    c.erase("hidden_size");
    c["num_experts"] = "eight";
    c["top_k_experts"] = 0;
    c["sliding_window"] = 0;
    c["hidden_activation"] = "silu";
  }));
  EXPECT_EQ(refusal.message,
            "config.json: \n"
            "  hidden_size: is missing\n"
            "  num_experts: must be an integer, found string \"\\\"eight\\\"\"\n"
            "  hidden_activation: found \"silu\", supported is gelu_pytorch_tanh\n"
            "  sliding_window: found 0, allowed are 1 to 1099511627776");
}

TEST(Config, RefusesWhatThisProgramDoesNotCompute) {
  const auto refuse = [](const char* field, const Json& value, const std::string& part) {
    expect_refused(with([&](Json& c) { c[field] = value; }), ErrorKind::kUnsupported, part);
  };
  refuse("model_type", "llama", "model_type: found \"llama\", supported are gemma4,");
  refuse("quantization_config", {{"bits", 4}}, "quantization_config: quantized checkpoints");
  refuse("tie_word_embeddings", false, "tie_word_embeddings: found false");
  refuse("attention_bias", true, "attention_bias: found true");
  refuse("attention_dropout", 0.1, "attention_dropout: supported is 0");
  refuse("use_bidirectional_attention", "all", "use_bidirectional_attention: found \"all\"");
  refuse("dtype", "float8_e4m3fn", "dtype: found \"float8_e4m3fn\"");
  refuse("layer_types", {"full_attention", "chunked_attention"}, "found \"chunked_attention\"");
  refuse("rope_parameters",
         {{"sliding_attention", {{"rope_theta", 1e4}}},
          {"full_attention", {{"rope_theta", 1e6}, {"rope_type", "yarn"}}}},
         "rope_parameters.full_attention.rope_type: found \"yarn\"");
  refuse("per_layer_config", {{"05", {{"intermediate_size", 8}}}},
         "per_layer_config.05.intermediate_size: only head_dim and num_key_value_heads");
  refuse("per_layer_config", {{"1", {{"head_dim", 8}}}},
         "layer 1 has other head sizes than the first layer of its type");
  expect_refused(
      with([](Json& c) { c["text_config"]["model_type"] = "gemma3_text"; }, "moe-tiny-bf16"),
      ErrorKind::kUnsupported, "text_config.model_type: found \"gemma3_text\"");
  Json unified = published("12b");
  unified["text_config"]["enable_moe_block"] = true;
  unified["text_config"]["num_experts"] = 8;
  unified["text_config"]["top_k_experts"] = 2;
  unified["text_config"]["moe_intermediate_size"] = 8;
  expect_refused(unified, ErrorKind::kUnsupported, "gemma4_unified_text has no experts");
}

TEST(Config, RefusesValuesThatContradictEachOther) {
  const auto refuse = [](const char* field, const Json& value, const std::string& part,
                         const std::string& name = "moe-tiny") {
    expect_refused(with([&](Json& c) { c[field] = value; }, name), ErrorKind::kInvalidArgument,
                   part);
  };
  refuse("hidden_size", -64, "hidden_size: found -64, allowed are 1 to");
  refuse("hidden_size", 64.5, "hidden_size: must be an integer, found number");
  refuse("vocab_size", 18446744073709551615U, "vocab_size: must be an integer");
  refuse("num_key_value_heads", 3, "num_key_value_heads: found 3, which does not divide");
  refuse("head_dim", 15, "head_dim: found 15, allowed are even numbers");
  refuse("num_hidden_layers", 7, "layer_types: has 6 entries, num_hidden_layers is 7");
  refuse("layer_types", "full", "layer_types: must be a list with one entry a layer");
  refuse("top_k_experts", 9, "top_k_experts: found 9, allowed are 1 to 8");
  refuse("pad_token_id", 512, "pad_token_id: found 512, allowed are 0 to 511");
  refuse("rms_norm_eps", 0, "rms_norm_eps: found 0");
  refuse("final_logit_softcapping", -30, "final_logit_softcapping: found -30");
  refuse("per_layer_config", {{"6", Json::object()}}, "keys must be layer numbers from 0 to 5");
  refuse("per_layer_config", {{"-1", Json::object()}}, "keys must be layer numbers from 0 to 5");
  refuse("rope_parameters", {{"sliding_attention", {{"rope_theta", 1e4}}}},
         "rope_parameters.full_attention: is missing");
  refuse("rope_parameters",
         {{"sliding_attention", {{"rope_theta", 0}}}, {"full_attention", {{"rope_theta", 1e6}}}},
         "rope_parameters.full_attention.rope_type: is missing");
  refuse("num_kv_shared_layers", 10, "num_kv_shared_layers: found 10, allowed are 0 to 9",
         "e2b-tiny");
  refuse(
      "num_kv_shared_layers", 6,
      "num_kv_shared_layers: layer 4 (full_attention) has no layer of its type among the first 4",
      "e2b-tiny");
  refuse("vocab_size_per_layer_input", 191, "vocab_size_per_layer_input: found 191", "e2b-tiny");
}

TEST(Config, RefusesModelsTooLargeToCount) {
  expect_refused(with([](Json& c) {
                   c["num_experts"] = 16384;
                   c["moe_intermediate_size"] = 4194304;
                   c["hidden_size"] = 4194304;
                 }),
                 ErrorKind::kInvalidArgument, "sizes: together they come to");
}

TEST(Config, RefusesJsonThatIsNoConfig) {
  expect_refused(Json::array(), ErrorKind::kInvalidArgument, "expected an object, found array");
  expect_refused(Json::object(), ErrorKind::kInvalidArgument, "model_type: is missing");
  expect_refused({{"model_type", 3}}, ErrorKind::kInvalidArgument, "model_type: must be a string");
}

TEST(GenerationConfig, ReadsStopIdsAndSampling) {
  const GenerationConfig config =
      GenerationConfig::read(test::project_path("tests/data/gemma4-fixtures/moe-tiny"));
  EXPECT_EQ(config.eos_token_ids, (std::vector<int64_t>{1, 106, 50}));
  EXPECT_TRUE(config.do_sample);
  EXPECT_EQ(config.temperature, 1.0);
  EXPECT_EQ(config.top_k, 64);
  EXPECT_EQ(config.top_p, 0.95);
  EXPECT_TRUE(config.suppress_tokens.empty());
}

TEST(GenerationConfig, IsEmptyWhereThereIsNone) {
  const test::ScratchFolder scratch;
  EXPECT_TRUE(GenerationConfig::read(scratch.path()).eos_token_ids.empty());
  write_file_atomically(scratch.file("generation_config.json"), R"({"eos_token_id": 7})");
  EXPECT_EQ(GenerationConfig::read(scratch.path()).eos_token_ids, (std::vector<int64_t>{7}));
  write_file_atomically(scratch.file("generation_config.json"), R"({"top_k": "many"})");
  EXPECT_THROW(GenerationConfig::read(scratch.path()), Error);
}

}  // namespace
}  // namespace lapidary::model
