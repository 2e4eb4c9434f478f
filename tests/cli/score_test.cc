// lapidary score, run as a program.
#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/file.h"
#include "base/text.h"
#include "checkpoint/safetensors_file.h"
#include "cli/program.h"
#include "cli/tiny_checkpoint.h"
#include "tokenizer/tokenizer.h"

namespace lapidary {
namespace {

using test::fixture_folder;
using test::ProgramResult;
using test::run_program;
using test::ScratchFolder;
using test::TinyCheckpoint;

struct Expected {
  std::vector<int64_t> ids;
  at::Tensor logits;     // [tokens, vocab_size]
  at::Tensor log_probs;  // [tokens - 1]
};

std::vector<Expected> read_expected(const std::string& folder) {
  const auto file = checkpoint::SafetensorsFile::open(folder + "/expected.safetensors");
  std::vector<Expected> out;
  for (int i = 0; file->header().find(cat("seq", i, ".input_ids")) != nullptr; ++i) {
    const auto tensor = [&](const char* name) {
      return file->view(file->at(cat("seq", i, ".", name))).clone();
    };
    const at::Tensor ids = tensor("input_ids");
    const auto* values = ids.const_data_ptr<int64_t>();
    out.push_back({{values, values + ids.numel()}, tensor("logits"), tensor("logprobs")});
  }
  return out;
}

std::string input_lines(const std::vector<Expected>& sequences) {
  std::string out;
  for (const Expected& sequence : sequences) {
    out += dump_json(Json{{"input_ids", sequence.ids}}) + "\n";
  }
  return out;
}

TEST(Score, GivesTheLogProbsOfHuggingFaceInTheOrderOfTheInput) {
  for (const char* name : {"moe-tiny", "dense-tiny", "moe-tiny-bf16", "e2b-tiny"}) {
    const std::vector<Expected> sequences = read_expected(fixture_folder(name));
    const ScratchFolder scratch;
    test::write_text(scratch.file("in.jsonl"), input_lines(sequences));
    for (const char* budget : {"16", "4096"}) {
      const ProgramResult result =
          run_program({"score", "--hf-checkpoint", fixture_folder(name), "--input",
                       scratch.file("in.jsonl"), "--output", scratch.file("out.jsonl"), "--dtype",
                       "float32", "--max-tokens-per-gpu", budget});
      ASSERT_EQ(result.status, 0) << result.err;
      EXPECT_EQ(result.out, "");
      const auto lines = test::read_json_lines(scratch.file("out.jsonl"));
      ASSERT_EQ(lines.size(), sequences.size());
      for (size_t i = 0; i < lines.size(); ++i) {
        EXPECT_EQ(lines[i]["input_ids"].get<std::vector<int64_t>>(), sequences[i].ids);
        const Json& log_probs = lines[i]["logprobs"];
        ASSERT_EQ(log_probs.size(), sequences[i].ids.size());
        EXPECT_TRUE(log_probs[0].is_null());
        for (size_t t = 1; t < log_probs.size(); ++t) {
          EXPECT_NEAR(log_probs[t].get<double>(),
                      sequences[i].log_probs.const_data_ptr<float>()[t - 1], 1e-4)
              << name << " line " << i << " token " << t;
        }
      }
    }
  }
}

TEST(Score, DividesByTheTemperature) {
  const std::vector<Expected> sequences = read_expected(fixture_folder("dense-tiny"));
  const ProgramResult result =
      run_program({"score", "--hf-checkpoint", fixture_folder("dense-tiny"), "--input", "-",
                   "--output", "-", "--rollout-temperature", "0.6"},
                  input_lines({sequences[0]}));
  ASSERT_EQ(result.status, 0) << result.err;
  const Json log_probs = parse_json(result.out, "output")["logprobs"];
  const at::Tensor expected = sequences[0].logits.div(0.6).log_softmax(-1);
  for (size_t t = 1; t < log_probs.size(); ++t) {
    EXPECT_NEAR(
        log_probs[t].get<double>(),
        expected.select(0, static_cast<Dim>(t) - 1).select(0, sequences[0].ids[t]).item<double>(),
        1e-4);
  }
}

TEST(Score, PrintsFp32ValuesExactly) {
  const ProgramResult result = run_program(
      {"score", "--hf-checkpoint", fixture_folder("moe-tiny"), "--input", "-", "--output", "-"},
      "{\"input_ids\": [2, 17, 300, 5, 5, 101]}\n\n{\"input_ids\": [7]}\n");
  ASSERT_EQ(result.status, 0) << result.err;
  const size_t end = result.out.find('\n');
  const Json first = parse_json(result.out.substr(0, end), "output");
  EXPECT_EQ(result.out.substr(end + 1), "{\"input_ids\": [7], \"logprobs\": [null]}\n");
  for (size_t t = 1; t < 6; ++t) {
    const double printed = first["logprobs"][t].get<double>();
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.9g",
                  static_cast<double>(static_cast<float>(printed)));
    EXPECT_NE(result.out.find(text.data()), std::string::npos);
  }
}

TEST(Score, ReadsTextsAndConversations) {
  const TinyCheckpoint tiny;
  const ProgramResult result = run_program(
      {"score", "--hf-checkpoint", tiny.folder(), "--input", "-", "--output", tiny.file("out")},
      "{\"text\": \"61 + 66 = 127\"}\n"
      "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}, {\"role\": \"model\", "
      "\"content\": \"Yes\"}]}\n"
      "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"tools\": [{\"name\": "
      "\"python\"}], \"label\": 3}\n");
  ASSERT_EQ(result.status, 0) << result.err;
  const auto lines = test::read_json_lines(tiny.file("out"));
  const auto tokenizer = tokenizer::Tokenizer::load(tiny.folder());
  const auto text_of = [&](size_t i) {
    return tokenizer.decode(lines[i]["input_ids"].get<std::vector<int32_t>>(),
                            tokenizer::SkipSpecial::kNo);
  };
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(text_of(0), "61 + 66 = 127");
  EXPECT_EQ(text_of(1), "<bos><|turn>user\nHi<turn|>\n<|turn>model\nYes<turn|>\n");
  EXPECT_EQ(text_of(2), "<bos><|turn>user\nHi<turn|>\npython");
}

struct Wrong {
  std::string input;
  std::string message;  // a part of it
};

TEST(Score, NamesTheLineThatCannotBeUsed) {
  const std::string good = "{\"input_ids\": [2, 3]}\n";
  std::string long_ids = "[2";
  for (int i = 0; i < 4096; ++i) long_ids += ", 5";
  const ScratchFolder scratch;
  for (const Wrong& wrong : std::vector<Wrong>{
           {good + "{\"input_ids\": []}\n", "line 2: the prompt is empty"},
           {good + good + "{\"input_ids\": [2, 512]}\n", "line 3: token 1 is 512"},
           {good + "{\"input_ids\": [-1]}\n", "line 2: token 0 is -1"},
           {good + "{\"input_ids\": [2.5]}\n", "line 2"},
           {good + "{\"input_ids\": \"2\"}\n", "line 2"},
           {good + "{\"input_ids\": " + long_ids + "]}\n", "line 2: 4097 tokens"},
           {good + "{\"ids\": [2]}\n", "line 2: none of \"input_ids\""},
           {good + "{\"input_ids\": [2], \"text\": \"x\"}\n", "line 2: more than one"},
           {good + "{\"input_ids\": [2\n", "line 2"},
           {good + "[2, 3]\n", "line 2"},
           {good + "{\"messages\": []}\n", "line 2"},
           {good + "{\"text\": \"no tokenizer in this folder\"}\n", "no tokenizer.json"},
           {"", "no lines"},
           {"\n\n", "no lines"}}) {
    const ProgramResult result =
        run_program({"score", "--hf-checkpoint", fixture_folder("moe-tiny"), "--input", "-",
                     "--output", scratch.file("out.jsonl")},
                    wrong.input);
    EXPECT_TRUE(result.status == 1 || result.status == 2) << result.status << wrong.message;
    EXPECT_TRUE(result.err.starts_with("error: ")) << result.err;
    EXPECT_NE(result.err.find(wrong.message), std::string::npos) << result.err;
    EXPECT_FALSE(std::filesystem::exists(scratch.file("out.jsonl")));  // nothing was begun
  }
}

TEST(Score, RefusesWrongFlagsAndFiles) {
  const ScratchFolder scratch;
  test::write_text(scratch.file("in.jsonl"), "{\"input_ids\": [2, 3]}\n");
  const auto status = [&](const std::string& checkpoint, const std::string& input,
                          const std::string& output, std::vector<std::string> more) {
    std::vector<std::string> words{"score", "--hf-checkpoint", checkpoint, "--input",
                                   input,   "--output",        output};
    words.insert(words.end(), more.begin(), more.end());
    const ProgramResult result = run_program(words);
    EXPECT_TRUE(result.err.find("error: ") != std::string::npos) << result.err;
    return result.status;
  };
  const std::string moe = fixture_folder("moe-tiny");
  const std::string in = scratch.file("in.jsonl");
  EXPECT_EQ(status(moe, scratch.file("none.jsonl"), "-", {}), 2);
  EXPECT_EQ(status(scratch.file("none"), in, "-", {}), 2);
  EXPECT_EQ(status(moe, in, scratch.file("none/out.jsonl"), {}), 1);
  EXPECT_EQ(status(moe, in, "/dev/full", {}), 1);
  EXPECT_EQ(status(moe, in, "-", {"--rollout-temperature", "0"}), 2);
  EXPECT_EQ(status(moe, in, "-", {"--rollout-temperature", "nan"}), 2);
  EXPECT_EQ(status(moe, in, "-", {"--dtype", "int8"}), 2);
  EXPECT_EQ(status(moe, in, "-", {"--outptu", "x"}), 2);
}

}  // namespace
}  // namespace lapidary
