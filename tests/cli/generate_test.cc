// lapidary generate, run as a program.
#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

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
using Words = std::vector<std::string>;
using Ids = std::vector<int64_t>;

Words operator+(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Words generate(const std::string& folder) {
  return {"generate", "--hf-checkpoint", folder};
}

// The lines on standard output.
std::vector<Json> answers(const Words& words, const std::string& input = "") {
  const ProgramResult result = run_program(words, input);
  EXPECT_EQ(result.status, 0) << result.err;
  const ScratchFolder scratch;
  test::write_text(scratch.file("out.jsonl"), result.out);
  return test::read_json_lines(scratch.file("out.jsonl"));
}

Ids output_ids(const Json& line) {
  return line["output_ids"].get<Ids>();
}

TEST(Generate, GreedyTokensAreThoseOfHuggingFace) {
  for (const char* name : {"moe-tiny", "dense-tiny", "moe-tiny-bf16", "e2b-tiny"}) {
    const auto file =
        checkpoint::SafetensorsFile::open(fixture_folder(name) + "/expected.safetensors");
    const auto ids = [&](const char* tensor) {
      const at::Tensor values = file->view(file->at(tensor)).contiguous();
      const auto* data = values.const_data_ptr<int64_t>();
      return Ids(data, data + values.numel());
    };
    const Ids prompt = ids("gen.prompt_ids");
    const auto lines = answers(generate(fixture_folder(name)) +
                                   Words{"--input", "-", "--temperature", "0", "--max-new-tokens",
                                         "32", "--ignore-eos", "--dtype", "float32"},
                               dump_json(Json{{"input_ids", prompt}}));
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0]["input_ids"].get<Ids>(), prompt);
    EXPECT_EQ(output_ids(lines[0]), ids("gen.new_ids"));
    EXPECT_EQ(lines[0]["finish_reason"], "length");
    EXPECT_TRUE(lines[0]["text"].is_null());  // no tokenizer there
    const at::Tensor log_probs = file->view(file->at("gen.logprobs"));
    for (size_t i = 0; i < 32; ++i) {
      EXPECT_NEAR(lines[0]["logprobs"][i].get<double>(), log_probs.const_data_ptr<float>()[i],
                  1e-4);
    }
  }
}

TEST(Generate, LogProbsAreThoseThatScoreGives) {
  const auto lines = answers(generate(fixture_folder("moe-tiny")) +
                                 Words{"--input", "-", "--temperature", "0.7", "--max-new-tokens",
                                       "30", "--ignore-eos", "--num-samples", "3"},
                             "{\"input_ids\": [2, 9, 44]}\n{\"input_ids\": [2, 10]}\n");
  ASSERT_EQ(lines.size(), 6U);
  std::string joined;
  for (const Json& line : lines) {
    Ids ids = line["input_ids"].get<Ids>();
    for (const int64_t id : output_ids(line)) ids.push_back(id);
    joined += dump_json(Json{{"input_ids", ids}}) + "\n";
  }
  const auto scores = answers({"score", "--hf-checkpoint", fixture_folder("moe-tiny"), "--input",
                               "-", "--output", "-", "--rollout-temperature", "0.7"},
                              joined);
  ASSERT_EQ(scores.size(), 6U);
  for (size_t i = 0; i < 6; ++i) {
    const size_t prompt = lines[i]["input_ids"].size();
    for (size_t t = 0; t < 30; ++t) {
      EXPECT_NEAR(lines[i]["logprobs"][t].get<double>(),
                  scores[i]["logprobs"][prompt + t].get<double>(), 2e-5);
    }
  }
}

TEST(Generate, EndsAtTheEndTokensOfTheCheckpoint) {
  const std::set<int64_t> ends{1, 106, 50};
  const auto lines = answers(
      generate(fixture_folder("dense-tiny")) +
          Words{"--input", "-", "--max-new-tokens", "400", "--num-samples", "12", "--seed", "4"},
      "{\"input_ids\": [2, 9, 44]}\n");
  int stopped = 0;
  for (const Json& line : lines) {
    const Ids ids = output_ids(line);
    if (line["finish_reason"] == "stop") {
      ++stopped;
      EXPECT_TRUE(ends.contains(ids.back())) << ids.back();
    } else {
      EXPECT_EQ(ids.size(), 400U);
    }
    for (size_t i = 0; i + 1 < ids.size(); ++i) EXPECT_FALSE(ends.contains(ids[i])) << ids[i];
  }
  EXPECT_GT(stopped, 0);
}

TEST(Generate, ASeedsTokensDoNotDependOnTheRestOfTheFile) {
  const Words words = generate(fixture_folder("moe-tiny")) +
                      Words{"--input", "-", "--max-new-tokens", "20", "--seed", "11"};
  const Words prompts{"{\"input_ids\": [2, 9, 44]}\n", "{\"input_ids\": [2, 7]}\n",
                      "{\"input_ids\": [2, 100, 101, 102, 103, 104, 105]}\n"};
  const auto together = answers(words, prompts[0] + prompts[1] + prompts[2] + prompts[1]);
  ASSERT_EQ(together.size(), 4U);
  for (size_t i = 0; i < 3; ++i) {
    const auto alone = answers(words + Words{"--max-running-requests", "1"}, prompts[i]);
    EXPECT_EQ(dump_json(alone[0]), dump_json(together[i]));  // log-probs included
  }
  EXPECT_NE(output_ids(together[1]), output_ids(together[3]));  // the same prompt again
  const auto samples = answers(words + Words{"--num-samples", "3"}, prompts[1]);
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_EQ(output_ids(samples[0]), output_ids(together[1]));
  EXPECT_NE(output_ids(samples[1]), output_ids(samples[2]));
  const auto other_seed =
      answers(words, "{\"input_ids\": [2, 7], \"seed\": 12}\n{\"input_ids\": [2, 7]}\n");
  EXPECT_NE(output_ids(other_seed[0]), output_ids(together[1]));
}

TEST(Generate, TheTextIsWhatTheTokensSay) {
  const TinyCheckpoint tiny;
  const auto tokenizer = tokenizer::Tokenizer::load(tiny.folder());
  const auto lines =
      answers(generate(tiny.folder()) + Words{"--input", "-", "--max-new-tokens", "60",
                                              "--num-samples", "4", "--apply-chat-template"},
              "{\"text\": \"Hi\"}\n{\"messages\": [{\"role\": \"user\", "
              "\"content\": \"Hi\"}]}\n");
  ASSERT_EQ(lines.size(), 8U);
  for (const Json& line : lines) {
    const auto prompt = line["input_ids"].get<std::vector<int32_t>>();
    EXPECT_EQ(tokenizer.decode(prompt, tokenizer::SkipSpecial::kNo),
              "<bos><|turn>user\nHi<turn|>\n<|turn>model\n");
    const auto ids = line["output_ids"].get<std::vector<int32_t>>();
    EXPECT_EQ(line["text"], tokenizer.decode(ids, tokenizer::SkipSpecial::kYes));
    EXPECT_EQ(line["logprobs"].size(), ids.size());
  }
}

// The words with the first seed whose text, made by random weights, `is_wanted`.
Words with_seed(const Words& words, bool (*is_wanted)(const std::string& text)) {
  for (int seed = 1; seed < 60; ++seed) {
    const Words seeded = words + Words{"--seed", std::to_string(seed)};
    if (is_wanted(answers(seeded)[0]["text"])) return seeded;
  }
  ADD_FAILURE() << "no seed gives such a text";
  return words;
}

TEST(Generate, AStopStringEndsTheTextBeforeItAcrossTokens) {
  const TinyCheckpoint tiny;
  const Words words =
      with_seed(generate(tiny.folder()) + Words{"--prompt", "1 + 1", "--max-new-tokens", "60"},
                [](const std::string& text) {
                  return text.size() > 60 &&
                         std::all_of(text.begin(), text.begin() + 12, [](char c) { return c > 0; });
                });
  const Json whole = answers(words)[0];
  const std::string text = whole["text"];
  ASSERT_GT(text.size(), 30U);
  // Two characters in the middle of the text that are first seen there, and not one token.
  size_t at = 6;
  while (text.find(text.substr(at, 3)) != at || static_cast<unsigned char>(text[at]) >= 0x80) {
    ++at;
  }
  const Json cut =
      answers(words + Words{"--stop", "never in there", "--stop", text.substr(at, 3)})[0];
  EXPECT_EQ(cut["text"], text.substr(0, at));
  EXPECT_EQ(cut["finish_reason"], "stop");
  const Ids ids = output_ids(cut);
  const Ids whole_ids = output_ids(whole);
  ASSERT_LT(ids.size(), whole_ids.size());
  EXPECT_TRUE(std::equal(ids.begin(), ids.end(), whole_ids.begin()));
  EXPECT_EQ(cut["logprobs"].size(), ids.size());
}

TEST(Generate, ASpecialTokenCanBeAStopString) {
  const TinyCheckpoint tiny;
  const Words words =
      generate(tiny.folder()) + Words{"--prompt",     "1 + 1",         "--max-new-tokens",
                                      "400",          "--num-samples", "8",
                                      "--ignore-eos", "--stop",        "<|tool_call>"};
  int stopped = 0;
  for (const Json& line : answers(words)) {
    const Ids ids = output_ids(line);
    if (line["finish_reason"] != "stop") continue;
    ++stopped;
    EXPECT_EQ(ids.back(), 7);  // <|tool_call>
    EXPECT_EQ(std::count(ids.begin(), ids.end(), 7), 1);
  }
  EXPECT_GT(stopped, 0);
}

TEST(Generate, TheTextStreamsToATerminal) {
  const TinyCheckpoint tiny;
  // Printable: neither a broken character, which pieces show otherwise than the whole, nor one that
  // the terminal changes.
  const Words words = with_seed(
      generate(tiny.folder()) + Words{"--prompt", "1 + 1", "--max-new-tokens", "5"},
      [](const std::string& text) {
        return text.size() > 8 &&
               std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
      });
  const std::string text = answers(words)[0]["text"];
  const ProgramResult shown = test::run_on_terminal(words);
  EXPECT_EQ(shown.status, 0);
  EXPECT_NE(shown.out.find(text), std::string::npos) << shown.out;
  EXPECT_EQ(shown.out.find("output_ids"), std::string::npos);
}

TEST(Generate, CtrlCOnATerminalEndsCleanly) {
  const TinyCheckpoint tiny;
  const ProgramResult shown = test::run_on_terminal(
      generate(tiny.folder()) + Words{"--input", tiny.folder() + "/none", "--max-new-tokens", "9"});
  EXPECT_EQ(shown.status, 2);
  test::write_text(tiny.file("in.jsonl"), "{\"text\": \"1 + 1\"}\n{\"text\": \"2 + 2\"}\n");
  const ProgramResult cut = test::run_on_terminal(
      generate(tiny.folder()) +
          Words{"--input", tiny.file("in.jsonl"), "--max-new-tokens", "4000", "--ignore-eos"},
      "in.jsonl line 1\r\n");
  EXPECT_EQ(cut.status, 0) << cut.out;
  EXPECT_NE(cut.out.find("interrupted"), std::string::npos) << cut.out;
}

TEST(Generate, AnInterruptWritesEveryLineWithWhatIsDone) {
  const TinyCheckpoint tiny(1500);
  std::string ids = "[2";
  for (int i = 0; i < 1498; ++i) ids += ", 100";
  // Room for one token, then two answers that would take long.
  test::write_text(tiny.file("in.jsonl"), "{\"input_ids\": " + ids + "]}\n" +
                                              "{\"input_ids\": [2, 3]}\n{\"input_ids\": [2, 4]}\n");
  const ProgramResult result = test::run_and_interrupt(
      generate(tiny.folder()) + Words{"--input", tiny.file("in.jsonl"), "--output",
                                      tiny.file("out.jsonl"), "--max-new-tokens", "5000",
                                      "--ignore-eos", "--max-running-requests", "1"},
      tiny.file("out.jsonl"));
  EXPECT_EQ(result.status, 0) << result.err;
  const auto lines = test::read_json_lines(tiny.file("out.jsonl"));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["finish_reason"], "length");
  EXPECT_EQ(output_ids(lines[0]).size(), 1U);
  EXPECT_EQ(lines[1]["finish_reason"], "abort");
  EXPECT_LT(output_ids(lines[1]).size(), 1400U);
  EXPECT_EQ(lines[1]["logprobs"].size(), output_ids(lines[1]).size());
  EXPECT_EQ(lines[2]["finish_reason"], "abort");
  EXPECT_TRUE(output_ids(lines[2]).empty());
}

TEST(Generate, SuppressedTokensOfTheCheckpointDoNotCome) {
  const TinyCheckpoint tiny;
  Json config = read_json_file(tiny.folder() + "/generation_config.json");
  std::vector<int64_t> suppressed;
  for (int64_t id = 0; id < 512; ++id) {
    if (id != 300 && id != 301) suppressed.push_back(id);
  }
  suppressed.push_back(70000);  // beyond the vocabulary: of another modality
  config["suppress_tokens"] = suppressed;
  test::write_text(tiny.folder() + "/generation_config.json", dump_json(config));
  const auto lines =
      answers(generate(tiny.folder()) + Words{"--input", "-", "--max-new-tokens", "40"},
              "{\"input_ids\": [2, 3, 4]}\n");
  const Ids ids = output_ids(lines[0]);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), 300) + std::count(ids.begin(), ids.end(), 301), 40);
}

TEST(Generate, EndsAtTheModelsPositions) {
  const TinyCheckpoint tiny(32);
  const auto lines = answers(generate(tiny.folder()) + Words{"--input", "-", "--ignore-eos"},
                             "{\"input_ids\": [2, 3, 4]}\n");
  EXPECT_EQ(output_ids(lines[0]).size(), 29U);
  EXPECT_EQ(lines[0]["finish_reason"], "length");
}

TEST(Generate, RefusesWhatItCannotDo) {
  const ScratchFolder scratch;
  test::write_text(scratch.file("in.jsonl"), "{\"input_ids\": [2, 3]}\n");
  const auto expect = [&](const Words& more, int status, const std::string& part) {
    const ProgramResult result = run_program(generate(fixture_folder("moe-tiny")) + more);
    EXPECT_EQ(result.status, status) << result.err;
    EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
    EXPECT_EQ(result.out, "");
  };
  const Words good{"--input", scratch.file("in.jsonl")};
  expect({}, 2, "either --prompt");
  expect(good + Words{"--prompt", "x"}, 2, "excludes");
  expect({"--prompt", "x"}, 2, "no tokenizer.json");
  expect(good + Words{"--stop", "x"}, 2, "no tokenizer.json");
  expect(good + Words{"--temperature", "-1"}, 2, "temperature is -1");
  expect(good + Words{"--top-p", "0"}, 2, "top-p is 0");
  expect(good + Words{"--max-new-tokens", "0"}, 2, "--max-new-tokens");
  expect(good + Words{"--num-samples", "0"}, 2, "--num-samples");
  expect(good + Words{"--output", scratch.file("none/out")}, 1, "none/out");
  expect(good + Words{"--output", "/dev/full", "--max-new-tokens", "2"}, 1, "/dev/full");
  expect(good + Words{"--tempreature", "1"}, 2, "did you mean --temperature");
  expect(good + Words{"--device", "cuda:9"}, 2, "--device");
}

TEST(Generate, NamesTheLineThatCannotBeUsed) {
  std::string full = "[2";
  for (int i = 0; i < 4095; ++i) full += ", 5";
  for (const auto& [line, part] : std::vector<std::pair<std::string, std::string>>{
           {"{\"input_ids\": []}", "line 2: the prompt is empty"},
           {"{\"input_ids\": [2, 700]}", "line 2: token 1 is 700"},
           {"{\"input_ids\": " + full + "]}", "line 2: 4096 tokens"},
           {"nonsense", "line 2"}}) {
    const ProgramResult result =
        run_program(generate(fixture_folder("moe-tiny")) + Words{"--input", "-"},
                    "{\"input_ids\": [2, 3]}\n" + line + "\n");
    EXPECT_TRUE(result.status == 1 || result.status == 2);
    EXPECT_TRUE(result.err.starts_with("error: ")) << result.err;
    EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
    EXPECT_EQ(result.out, "");
  }
}

}  // namespace
}  // namespace lapidary
