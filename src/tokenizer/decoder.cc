#include "tokenizer/decoder.h"

#include "base/check.h"
#include "tokenizer/byte_tokens.h"
#include "tokenizer/utf8.h"

namespace lapidary::tokenizer {

Decoder Decoder::from_json(const Json& json, const std::string& what) {
  if (json.is_null()) {
    fail(ErrorKind::kUnsupported, what, ": there is none, so tokens would be joined by spaces; ",
         "supported: Replace, ByteFallback, Fuse, Strip, Sequence");
  }
  Decoder out;
  Stage reached = Stage::kReplace;
  out.add_component(JsonObject(json, what), reached);
  return out;
}

void Decoder::add_component(const JsonObject& component, Stage& reached) {
  const std::string type = component_type(component);
  if (type == "Sequence") {
    for (const JsonObject& part : component_list(component, "decoders"))
      add_component(part, reached);
    return;
  }
  Stage stage = Stage::kReplace;
  if (type == "ByteFallback") {
    stage = Stage::kByteFallback;
  } else if (type == "Fuse") {
    stage = Stage::kFuse;
  } else if (type == "Strip") {
    stage = Stage::kStrip;
  } else if (type != "Replace") {
    refuse_component(component, "Replace, ByteFallback, Fuse, Strip, Sequence");
  }
  const bool strips_unfused = stage == Stage::kStrip && reached != Stage::kFuse;
  if (stage < reached || strips_unfused) {
    fail(ErrorKind::kUnsupported, component.what(), ": ", type,
         " at this place is not supported; the order is Replace, ByteFallback, Fuse, Strip");
  }
  reached = stage;
  if (stage == Stage::kReplace) replacements_.push_back(read_replacement(component));
  if (stage == Stage::kByteFallback) has_byte_fallback_ = true;
  if (stage == Stage::kStrip) read_strip(component);
}

void Decoder::read_strip(const JsonObject& component) {
  strip_character_ = component.get_string("content");
  max_stripped_ = component.get_int("start");
  if (strip_character_.empty() ||
      code_point_at(strip_character_, 0).num_bytes != strip_character_.size()) {
    fail(ErrorKind::kInvalidArgument, component.what(), ": \"content\" must be one character");
  }
  if (max_stripped_ < 0 || component.get_int("stop") != 0) {
    fail(ErrorKind::kUnsupported, component.what(),
         ": Strip needs \"start\" of at least 0 and \"stop\" 0");
  }
}

Decoder::Part Decoder::decode(std::string_view token, std::string& buffer) const {
  std::string_view text = token;
  std::string input;
  for (const Replacement& replacement : replacements_) {
    if (text.find(replacement.pattern) == std::string_view::npos) continue;
    if (text.data() == buffer.data()) {
      input.swap(buffer);
      text = input;
    }
    buffer.clear();
    append_replaced(text, replacement, max_bytes_after_replacing(token), buffer);
    text = buffer;
  }
  if (has_byte_fallback_) {
    if (const std::optional<uint8_t> byte = byte_of_token(text)) return {byte, {}};
  }
  return {std::nullopt, text};
}

std::string_view Decoder::strip_start(std::string_view part, StripState& state) const {
  while (!state.is_done && !part.empty()) {
    if (state.num_stripped == max_stripped_ || !part.starts_with(strip_character_)) {
      state.is_done = true;
    } else {
      part.remove_prefix(strip_character_.size());
      ++state.num_stripped;
    }
  }
  return part;
}

}  // namespace lapidary::tokenizer
