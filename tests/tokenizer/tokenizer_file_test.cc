// Files that are broken, or that ask for what is not supported: each a message that names it.
#include "tokenizer/tokenizer_file.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "support/paths.h"
#include "tokenizer/vectors.h"

namespace lapidary::tokenizer {
namespace {

// A tokenizer of five tokens, small enough to break by hand.
Json smallest() {
  return Json::parse(R"({
    "version": "1.0", "truncation": null, "padding": null,
    "added_tokens": [{"id": 0, "content": "<unk>", "single_word": false, "lstrip": false,
                      "rstrip": false, "normalized": false, "special": true}],
    "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "_"},
    "pre_tokenizer": {"type": "Split", "pattern": {"String": " "},
                      "behavior": "MergedWithPrevious", "invert": false},
    "post_processor": {"type": "TemplateProcessing",
                       "single": [{"Sequence": {"id": "A", "type_id": 0}}],
                       "special_tokens": {}},
    "decoder": {"type": "Sequence", "decoders": [
      {"type": "Replace", "pattern": {"String": "_"}, "content": " "},
      {"type": "ByteFallback"}, {"type": "Fuse"}]},
    "model": {"type": "BPE", "dropout": null, "unk_token": "<unk>",
              "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": true,
              "byte_fallback": false, "ignore_merges": false,
              "vocab": {"<unk>": 0, "a": 1, "b": 2, "_": 3, "ab": 4},
              "merges": [["a", "b"]]}})");
}

std::string parse_error(const std::string& text) {
  return error_of([&] { parse_tokenizer_file(text, "t.json"); });
}

// `expected` is a part of the message.
void expect_refused(const Json& changes, const std::string& expected) {
  Json json = smallest();
  json.merge_patch(changes);
  const std::string message = parse_error(json.dump());
  EXPECT_NE(message.find(expected), std::string::npos) << changes << "\n" << message;
  EXPECT_TRUE(message.starts_with("t.json: ")) << message;
}

TEST(TokenizerFile, TheSmallestIsRead) {
  const TokenizerFile file = parse_tokenizer_file(smallest().dump(), "t.json");
  EXPECT_EQ(file.vocabulary.size(), 5);
  EXPECT_EQ(file.model->num_merges(), 1);
}

TEST(TokenizerFile, KeysMayComeInAnyOrder) {
  Json turned = Json::object();
  Json model = Json::object();
  const Json json = smallest();
  for (auto it = json.rbegin(); it != json.rend(); ++it) turned[it.key()] = *it;
  for (auto it = json["model"].rbegin(); it != json["model"].rend(); ++it) model[it.key()] = *it;
  turned["model"] = model;
  EXPECT_EQ(parse_tokenizer_file(turned.dump(), "t.json").model->num_merges(), 1);
}

TEST(TokenizerFile, NamesWhatIsMissing) {
  Json without_model = smallest();
  without_model.erase("model");
  EXPECT_EQ(parse_error(without_model.dump()), "t.json: \"model\" is missing");
  for (const char* key : {"vocab", "merges"}) {
    Json json = smallest();
    json["model"].erase(key);
    EXPECT_EQ(parse_error(json.dump()), cat("t.json: model: \"", key, "\" is missing"));
  }
  Json json = smallest();
  json["added_tokens"][0].erase("id");
  EXPECT_EQ(parse_error(json.dump()), "t.json: added_tokens[0]: \"id\" is missing");
}

TEST(TokenizerFile, RefusesAVocabularyThatContradictsItself) {
  const auto with_vocab = [](const char* vocab) {
    std::string text = smallest().dump();
    const std::string old = R"({"<unk>":0,"a":1,"b":2,"_":3,"ab":4})";
    text.replace(text.find(old), old.size(), vocab);
    return parse_error(text);
  };
  EXPECT_EQ(with_vocab(R"({"<unk>":0,"a":1,"b":2,"a":3,"ab":4})"),
            "t.json: model: vocab: token \"a\" appears twice, with the ids 1 and 3");
  EXPECT_EQ(with_vocab(R"({"<unk>":0,"a":1,"b":1,"_":3,"ab":4})"),
            "t.json: model: vocab: the id 1 is given to two tokens, \"a\" and \"b\"");
  EXPECT_EQ(
      with_vocab(R"({"<unk>":0,"a":1,"b":2,"ab":4})"),
      "t.json: model: vocab: no token has the id 3, but \"ab\" has the id 4; ids must be 0 to "
      "the number of tokens less one");
  for (const char* id : {"-1", "4000000000", "99999999999999999999"}) {
    EXPECT_NE(with_vocab(cat(R"({"<unk>":0,"a":)", id, "}").c_str()), "no error");
  }
  EXPECT_NE(with_vocab("{}").find("it is empty"), std::string::npos);
  EXPECT_NE(with_vocab("[]").find("expected an object"), std::string::npos);
  EXPECT_NE(with_vocab(R"({"a":"b"})").find("expected an integer"), std::string::npos);
}

TEST(TokenizerFile, RefusesMergesOfUnknownTokens) {
  expect_refused({{"model", {{"merges", Json::array({Json::array({"a", "x"})})}}}},
                 "model: merges: the merge of \"a\" and \"x\": its right side is not in the");
  expect_refused({{"model", {{"merges", Json::array({Json::array({"b", "a"})})}}}},
                 "what it makes is not in the vocabulary");
  expect_refused({{"model", {{"merges", {"a b", "ab"}}}}}, "two tokens with one space between");
  expect_refused({{"model", {{"merges", {"a b c"}}}}}, "two tokens with one space between");
  expect_refused({{"model", {{"merges", {1}}}}}, "a merge is");
  expect_refused({{"model", {{"merges", Json::array({Json::array({"a"})})}}}}, "second side");
}

TEST(TokenizerFile, RefusesAddedTokensThatContradictTheModel) {
  const auto added = [](int id, const char* content) {
    return Json{{"added_tokens", Json::array({{{"id", id}, {"content", content}}})}};
  };
  expect_refused(added(3, "a"), "added token \"a\" has the id 3 here and 1 in the vocabulary");
  expect_refused(added(3, "new"), "the id 3 is given to two tokens");
  expect_refused(added(9, "new"), "out of range");
  expect_refused(added(-1, "new"), "out of range");
  expect_refused(added(5, ""), "must have 1 to 1024 bytes");
  expect_refused({{"added_tokens", {{"a", 1}}}}, "must be an array");
  expect_refused({{"added_tokens", {{{"id", 5}, {"content", "x"}}, {{"id", 5}, {"content", "x"}}}}},
                 "added_tokens[1]: added token \"x\" appears twice");
}

TEST(TokenizerFile, NamesTheComponentThatIsNotSupported) {
  expect_refused({{"normalizer", {{"type", "NFKC"}}}}, "normalizer: the type \"NFKC\"");
  expect_refused(
      {{"normalizer", {{"type", "Sequence"}, {"normalizers", {{{"type", "Lowercase"}}}}}}},
      "normalizer.normalizers[0]: the type \"Lowercase\"");
  expect_refused({{"normalizer", {{"pattern", {{"String", nullptr}, {"Regex", "\\s"}}}}}},
                 "the regular expression");
  expect_refused({{"pre_tokenizer", {{"type", "ByteLevel"}}}}, "pre_tokenizer: the type");
  expect_refused({{"pre_tokenizer", {{"behavior", "Sideways"}}}}, "\"Sideways\" is not one of");
  expect_refused({{"pre_tokenizer", {{"invert", true}}}}, "\"invert\": true");
  expect_refused({{"post_processor", {{"type", "BertProcessing"}}}}, "post_processor: the type");
  expect_refused({{"decoder", {{"type", "Metaspace"}}}}, "decoder: the type \"Metaspace\"");
  expect_refused({{"decoder", nullptr}}, "decoder: there is none");
  expect_refused({{"decoder", {{"decoders", {{{"type", "Fuse"}}, {{"type", "ByteFallback"}}}}}}},
                 "ByteFallback at this place is not supported");
  expect_refused({{"model", {{"type", "Unigram"}}}}, "model: the type \"Unigram\"");
  expect_refused({{"model", {{"dropout", 0.1}}}}, "model: dropout: \"0.1\" is not supported");
  expect_refused({{"model", {{"continuing_subword_prefix", "##"}}}}, "continuing_subword_prefix");
  expect_refused({{"model", {{"something_new", true}}}}, "model: something_new");
  expect_refused({{"model", {{"unk_token", "<none>"}}}}, "unk_token \"<none>\" is not in the");
  expect_refused({{"model", {{"unk_token", nullptr}}}}, "would vanish");
  expect_refused({{"model", {{"byte_fallback", true}, {"vocab", {{"<0x41>", 5}}}}}},
                 "byte_fallback with 1 of the 256 tokens");
  expect_refused({{"version", "2.0"}}, "the version");
  expect_refused({{"added_tokens", {{{"id", 5}, {"content", "x"}, {"single_word", true}}}}},
                 "\"single_word\" of added token \"x\" is not supported");
}

TEST(TokenizerFile, RefusesTemplatesItCannotApply) {
  const auto single = [](const Json& pieces) {
    return Json{{"post_processor", {{"single", pieces}}}};
  };
  const Json text = {{"Sequence", {{"id", "A"}}}};
  expect_refused(single(Json::array()), "has no sequence A");
  expect_refused(single({text, text}), "must hold the sequence A once");
  expect_refused(single({{{"Sequence", {{"id", "B"}}}}}), "must hold the sequence A once");
  expect_refused(single({{{"SpecialToken", {{"id", "<bos>"}}}}, text}), "\"<bos>\" is missing");
  Json json = single({{{"SpecialToken", {{"id", "<bos>"}}}}, text});
  json["post_processor"]["special_tokens"] = {{"<bos>", {{"ids", {7}}}}};
  expect_refused(json, "the id 7 is out of range");
}

TEST(TokenizerFile, HostileReplacementsDoNotFillTheMemory) {
  Json json = smallest();
  Json steps = Json::array();
  for (int i = 0; i < 30; ++i) {
    steps.push_back({{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", "aaaaaaaa"}});
  }
  json["normalizer"] = {{"type", "Sequence"}, {"normalizers", steps}};
  const TokenizerFile file = parse_tokenizer_file(json.dump(), "t.json");
  std::string buffer;
  EXPECT_NE(error_of([&] { file.normalizer.apply("aaaa", buffer); }).find("16 times as long"),
            std::string::npos);
}

TEST(TokenizerFile, EveryCutOfAFileIsRefused) {
  const std::string text = smallest().dump();
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_NE(parse_error(text.substr(0, size)), "no error") << size;
  }
  EXPECT_NE(parse_error(text + "x"), "no error");
  EXPECT_NE(parse_error("[" + text + "]"), "no error");
  EXPECT_NE(parse_error("\xEF\xBB\xBF" + text), "no error");
}

}  // namespace
}  // namespace lapidary::tokenizer
