#include "cli/tokenizer_summary.h"

#include <array>
#include <filesystem>

#include "base/check.h"
#include "base/file.h"

namespace lapidary::cli {
namespace {

// Knows at every value the keys of the two outermost objects it lies in, which is all it takes:
// model.type, model.vocab.*, model.merges[*], added_tokens[*].special.
class SummaryReader final : public nlohmann::json_sax<Json> {
 public:
  explicit SummaryReader(const std::string& path) : path_(path) {}
  TokenizerSummary summary;

  bool null() override { return scalar(); }
  bool boolean(bool value) override {
    if (value && is_at(3, "added_tokens", nullptr) && key_ == "special")
      ++summary.num_special_tokens;
    return scalar();
  }
  bool number_integer(int64_t) override { return scalar(); }
  bool number_unsigned(uint64_t) override { return scalar(); }
  bool number_float(double, const std::string&) override { return scalar(); }
  bool binary(Json::binary_t&) override { return scalar(); }
  bool string(std::string& value) override {
    if (is_at(2, "model", "type")) summary.type = value;
    return scalar();
  }
  bool start_object(size_t) override { return enter(); }
  bool start_array(size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool key(std::string& name) override {
    if (depth_ >= 1 && depth_ <= 2) keys_[depth_ - 1] = name;
    if (depth_ == 3) key_ = name;
    return true;
  }
  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    fail(ErrorKind::kCorrupt, path_, ": not valid JSON at byte ", position);
  }

 private:
  // Whether the reader is this deep below these keys (nullptr: any).
  bool is_at(size_t depth, const char* outer, const char* inner) const {
    return depth_ == depth && keys_[0] == outer && (inner == nullptr || keys_[1] == inner);
  }
  void count() {
    if (is_at(3, "model", "vocab")) ++summary.num_entries;
    if (is_at(3, "model", "merges")) ++summary.num_merges;
    if (is_at(2, "added_tokens", nullptr)) ++summary.num_added_tokens;
  }
  bool scalar() {
    count();
    return true;
  }
  bool enter() {
    count();
    ++depth_;
    return true;
  }
  bool leave() {
    --depth_;
    return true;
  }

  const std::string& path_;
  size_t depth_ = 0;  // open objects and arrays
  std::array<std::string, 2> keys_;
  std::string key_;  // at depth 3
};

}  // namespace

std::string TokenizerSummary::to_text() const {
  return cat(type, ", ", num_entries, " entries, ", num_merges, " merges, ", num_added_tokens,
             " added tokens (", num_special_tokens, " special)");
}

Json TokenizerSummary::to_json() const {
  return {{"type", type},
          {"num_entries", num_entries},
          {"num_merges", num_merges},
          {"num_added_tokens", num_added_tokens},
          {"num_special_tokens", num_special_tokens}};
}

std::optional<TokenizerSummary> summarize_tokenizer(const std::string& folder) {
  const std::string path = folder + "/tokenizer.json";
  if (!std::filesystem::exists(path)) return std::nullopt;
  const auto map = MappedFile::open(path);
  const auto* text = reinterpret_cast<const char*>(map->bytes().data());
  SummaryReader reader(path);
  Json::sax_parse(text, text + map->bytes().size(), &reader);
  return reader.summary;
}

}  // namespace lapidary::cli
