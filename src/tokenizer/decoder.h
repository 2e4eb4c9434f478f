// From tokens back to text: Replace on each token, ByteFallback (a run of byte tokens becomes text,
// or one U+FFFD a byte where the run as a whole is not valid UTF-8), Fuse, Strip at the start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "tokenizer/text_pattern.h"

namespace lapidary::tokenizer {

class Decoder {
 public:
  // The value of "decoder". Supported: any number of Replace, then ByteFallback, then Fuse, then
  // Strip with "stop" 0, any of them absent, alone or in a Sequence. Throws Error{kUnsupported}
  // that names what is outside of that.
  static Decoder from_json(const Json& json, const std::string& what);

  struct Part {
    std::optional<uint8_t> byte;  // what a byte token stands for
    std::string_view text;        // of any other token: a view of it or of `buffer`
  };
  Part decode(std::string_view token, std::string& buffer) const;

  // Cuts what Strip removes from the start of a text that comes in parts of whole characters. One
  // state a text.
  struct StripState {
    int64_t num_stripped = 0;
    bool is_done = false;
  };
  std::string_view strip_start(std::string_view part, StripState& state) const;

 private:
  enum class Stage { kReplace, kByteFallback, kFuse, kStrip };
  void add_component(const JsonObject& component, Stage& reached);
  void read_strip(const JsonObject& component);

  std::vector<Replacement> replacements_;
  bool has_byte_fallback_ = false;
  std::string strip_character_;
  int64_t max_stripped_ = 0;
};

}  // namespace lapidary::tokenizer
