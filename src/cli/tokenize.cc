// lapidary tokenize: texts to token ids, or ids to texts with the parts that streaming would give
// out, one JSON object a line.
#include <CLI/CLI.hpp>
#include <limits>

#include "base/check.h"
#include "cli/output_lines.h"
#include "cli/verbs.h"
#include "tokenizer/stream_decoder.h"
#include "tokenizer/tokenizer.h"

namespace lapidary::cli {
namespace {

using tokenizer::SkipSpecial;
using tokenizer::SpecialTokens;
using tokenizer::Tokenizer;

struct TokenizeFlags {
  std::string tokenizer;
  std::string input;
  std::string output;
  bool add_special_tokens = false;
  bool decode = false;
  bool skip_special_tokens = false;
};

Json encode_line(const Tokenizer& tokenizer, const JsonObject& line, SpecialTokens special) {
  return Json{{"ids", tokenizer.encode(line.get_string("text"), special)}};
}

std::vector<int32_t> read_ids(const JsonObject& line) {
  std::vector<int32_t> out;
  for (const int64_t id : line.get_ints("ids")) {
    if (id < 0 || id > std::numeric_limits<int32_t>::max()) {
      fail(ErrorKind::kInvalidArgument, "token id ", id, " is outside of any vocabulary");
    }
    out.push_back(static_cast<int32_t>(id));
  }
  return out;
}

Json decode_line(const Tokenizer& tokenizer, const JsonObject& line, SkipSpecial skip_special) {
  const std::vector<int32_t> ids = read_ids(line);
  tokenizer::StreamDecoder stream(tokenizer, skip_special);
  Json pieces = Json::array();
  for (const int32_t id : ids) pieces.push_back(stream.push(id));
  return Json{{"text", tokenizer.decode(ids, skip_special)},
              {"pieces", std::move(pieces)},
              {"flush", stream.flush()}};
}

void tokenize(const TokenizeFlags& flags) {
  const Tokenizer tokenizer = Tokenizer::load(flags.tokenizer);
  const SpecialTokens special =
      flags.add_special_tokens ? SpecialTokens::kAdd : SpecialTokens::kNone;
  const SkipSpecial skip_special = flags.skip_special_tokens ? SkipSpecial::kYes : SkipSpecial::kNo;
  OutputLines output(flags.output);
  for_each_json_line(flags.input, [&](const Json& json, int64_t number) {
    const std::string what =
        cat(flags.input == "-" ? "standard input" : flags.input, " line ", number);
    const JsonObject line(json, what);
    try {
      output.write(flags.decode ? decode_line(tokenizer, line, skip_special)
                                : encode_line(tokenizer, line, special));
    } catch (const Error& error) {
      if (std::string_view(error.what()).starts_with(what)) throw;
      throw error.with_context(what);
    }
  });
  output.finish();
}

}  // namespace

void add_tokenize(CLI::App& app, int& exit_status) {
  auto flags = std::make_shared<TokenizeFlags>();
  CLI::App* verb = app.add_subcommand("tokenize", "Turn texts into token ids, or ids into texts");
  verb->add_option("--tokenizer", flags->tokenizer, "A tokenizer.json or the folder that holds it")
      ->required();
  verb->add_option("--input", flags->input,
                   "Lines {\"text\": ..}, or {\"ids\": [..]} with --decode; - is standard input")
      ->required();
  verb->add_option("--output", flags->output,
                   "Lines {\"ids\": [..]}, or {\"text\", \"pieces\", \"flush\"}; - is standard "
                   "output")
      ->required();
  CLI::Option* decode = verb->add_flag("--decode", flags->decode, "Ids to texts");
  verb->add_flag("--add-special-tokens", flags->add_special_tokens,
                 "Apply the post-processor of the tokenizer (usually <bos> in front)")
      ->excludes(decode);
  verb->add_flag("--skip-special-tokens", flags->skip_special_tokens,
                 "Leave special tokens out of the texts")
      ->needs(decode);
  verb->callback([flags, &exit_status] {
    tokenize(*flags);
    exit_status = 0;
  });
}

}  // namespace lapidary::cli
