#include "tokenizer/pre_tokenizer.h"

#include "base/check.h"
#include "tokenizer/text_pattern.h"

namespace lapidary::tokenizer {

PreTokenizer PreTokenizer::from_json(const Json& json, const std::string& what) {
  PreTokenizer out;
  if (!json.is_null()) out.add_component(JsonObject(json, what));
  return out;
}

void PreTokenizer::add_component(const JsonObject& component) {
  const std::string type = component_type(component);
  if (type == "Sequence") {
    for (const JsonObject& part : component_list(component, "pretokenizers")) add_component(part);
  } else if (type == "Split") {
    if (component.get_bool_or("invert", false)) {
      fail(ErrorKind::kUnsupported, component.what(), ": Split with \"invert\": true");
    }
    steps_.push_back({read_pattern(component), read_behavior(component)});
  } else {
    refuse_component(component, "Split, Sequence");
  }
}

PreTokenizer::Behavior PreTokenizer::read_behavior(const JsonObject& component) {
  const std::string name = component.get_string("behavior");
  if (name == "Removed") return Behavior::kRemoved;
  if (name == "Isolated") return Behavior::kIsolated;
  if (name == "MergedWithPrevious") return Behavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return Behavior::kMergedWithNext;
  if (name == "Contiguous") return Behavior::kContiguous;
  fail(ErrorKind::kInvalidArgument, component.what(), ": \"behavior\" ", lapidary::quoted(name),
       " is not one of Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous");
}

// Appends the pieces, empty ones included. Of several matches side by side only the one that
// touches other text is merged with it, and Contiguous makes one piece of them all.
void PreTokenizer::Split::append(std::string_view text, std::vector<std::string_view>& out) const {
  size_t done = 0;  // what lies before is in `out`
  size_t at = text.find(pattern);
  while (at != std::string_view::npos) {
    size_t end = at + pattern.size();
    const bool follows_text = at > done;
    switch (behavior) {
      case Behavior::kRemoved:
        out.push_back(text.substr(done, at - done));
        break;
      case Behavior::kIsolated:
        out.push_back(text.substr(done, at - done));
        out.push_back(text.substr(at, end - at));
        break;
      case Behavior::kMergedWithPrevious:
        out.push_back(text.substr(done, end - done));
        break;
      case Behavior::kMergedWithNext:
        if (follows_text) out.push_back(text.substr(done, at - done));
        if (text.substr(end).starts_with(pattern)) {
          out.push_back(text.substr(at, end - at));
        } else {
          const size_t next = text.find(pattern, end);
          end = next == std::string_view::npos ? text.size() : next;
          out.push_back(text.substr(at, end - at));
        }
        break;
      case Behavior::kContiguous:
        while (text.substr(end).starts_with(pattern)) end += pattern.size();
        out.push_back(text.substr(done, at - done));
        out.push_back(text.substr(at, end - at));
        break;
    }
    done = end;
    at = text.find(pattern, done);
  }
  out.push_back(text.substr(done));
}

void PreTokenizer::split(std::string_view text, std::vector<std::string_view>& out) const {
  out.assign(1, text);
  for (const Split& step : steps_) {
    std::vector<std::string_view> pieces;
    for (const std::string_view piece : out) step.append(piece, pieces);
    out.swap(pieces);
  }
  std::erase_if(out, [](std::string_view piece) { return piece.empty(); });
}

}  // namespace lapidary::tokenizer
