#include "cli/text_encoder.h"

#include <filesystem>

#include "base/check.h"
#include "base/file.h"

namespace lapidary::cli {
namespace {

using tokenizer::SpecialTokens;

}  // namespace

// Each is a text or an object with "content".
Json read_special_tokens(const std::string& folder) {
  Json out = Json::object();
  const std::string path = folder + "/tokenizer_config.json";
  if (!std::filesystem::exists(path)) return out;
  const Json config = read_json_file(path);
  if (!config.is_object()) return out;
  for (const auto& [name, entry] : config.items()) {
    if (!name.ends_with("_token")) continue;
    const Json& value =
        entry.is_object() && entry.contains("content") ? entry.at("content") : entry;
    if (value.is_string()) out[name] = value;
  }
  return out;
}

bool TextEncoder::has_tokenizer() const {
  return std::filesystem::exists(folder_ + "/tokenizer.json");
}

const tokenizer::Tokenizer& TextEncoder::tokenizer() {
  if (!tokenizer_) {
    if (!has_tokenizer()) {
      fail(ErrorKind::kNotFound, folder_,
           ": no tokenizer.json, which texts need; copy it there, or give token ids "
           "({\"input_ids\": [..]})");
    }
    tokenizer_ = tokenizer::Tokenizer::load(folder_);
  }
  return *tokenizer_;
}

const tokenizer::ChatTemplate& TextEncoder::chat_template() {
  if (!template_) {
    template_ = tokenizer::ChatTemplate::load(folder_);
    if (!template_) {
      fail(ErrorKind::kNotFound, folder_,
           ": no chat template (chat_template.jinja, or chat_template in tokenizer_config.json), "
           "which messages need; give text or input_ids");
    }
    special_tokens_ = read_special_tokens(folder_);
  }
  return *template_;
}

std::vector<int64_t> TextEncoder::encode_text(const std::string& text) {
  const std::vector<int32_t> ids = tokenizer().encode(text, SpecialTokens::kAdd);
  return {ids.begin(), ids.end()};
}

std::vector<int64_t> TextEncoder::encode_messages(const Json& messages, const Json& tools,
                                                  GenerationPrompt generation_prompt) {
  const tokenizer::ChatTemplate& chat = chat_template();
  tokenizer::ContextOptions options;
  options.add_generation_prompt = generation_prompt == GenerationPrompt::kYes;
  options.variables = special_tokens_;
  const std::string text = chat.render(tokenizer::template_context(messages, tools, options));
  const std::vector<int32_t> ids = tokenizer().encode(text, SpecialTokens::kNone);
  return {ids.begin(), ids.end()};
}

}  // namespace lapidary::cli
