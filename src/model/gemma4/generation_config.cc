#include "model/gemma4/generation_config.h"

#include <filesystem>

#include "base/json.h"

namespace lapidary::model {
namespace {

std::optional<int64_t> optional_int(const JsonObject& object, const std::string& key) {
  return object.has(key) ? std::optional(object.get_int(key)) : std::nullopt;
}

std::optional<double> optional_double(const JsonObject& object, const std::string& key) {
  return object.has(key) ? std::optional(object.get_double(key)) : std::nullopt;
}

}  // namespace

GenerationConfig GenerationConfig::read(const std::string& folder) {
  const std::string path = folder + "/generation_config.json";
  GenerationConfig out;
  if (!std::filesystem::exists(path)) return out;
  const Json json = read_json_file(path);
  const JsonObject object(json, path);
  if (object.has("eos_token_id")) {
    const bool is_list = object.at("eos_token_id").is_array();
    out.eos_token_ids = is_list ? object.get_ints("eos_token_id")
                                : std::vector<int64_t>{object.get_int("eos_token_id")};
  }
  out.bos_token_id = optional_int(object, "bos_token_id");
  out.pad_token_id = optional_int(object, "pad_token_id");
  if (object.has("suppress_tokens")) out.suppress_tokens = object.get_ints("suppress_tokens");
  out.do_sample = object.get_bool_or("do_sample", false);
  out.temperature = optional_double(object, "temperature");
  out.top_k = optional_int(object, "top_k");
  out.top_p = optional_double(object, "top_p");
  return out;
}

}  // namespace lapidary::model
