// The small parts go through base/json; "vocab" and "merges" of "model" are read in place with
// JsonScanner, since a document tree of half a million merges costs more than everything else.
#include "tokenizer/tokenizer_file.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/check.h"
#include "base/json.h"
#include "tokenizer/json_scanner.h"

namespace lapidary::tokenizer {
namespace {

// Members of an object as texts, by key.
class RawMembers {
 public:
  explicit RawMembers(std::string_view what) : what_(what) {}

  void add(const std::string& key, std::string_view value) {
    if (!values_.emplace(key, value).second) {
      fail(ErrorKind::kCorrupt, what_, ": \"", key, "\" appears twice");
    }
  }
  bool has(const std::string& key) const { return values_.count(key) != 0; }
  std::string_view text(const std::string& key) const {
    const auto found = values_.find(key);
    if (found == values_.end()) {
      fail(ErrorKind::kInvalidArgument, what_, ": \"", key, "\" is missing");
    }
    return found->second;
  }
  // Null for an absent key.
  Json parse(const std::string& key) const {
    return has(key) ? parse_json(text(key), name_of(key)) : Json(nullptr);
  }
  std::string name_of(const std::string& key) const { return cat(what_, ": ", key); }
  const std::map<std::string, std::string_view>& all() const { return values_; }

 private:
  std::string what_;
  std::map<std::string, std::string_view> values_;
};

RawMembers read_members(JsonScanner& scan, std::string_view what) {
  RawMembers out(what);
  scan.each_member([&](std::string_view key) {
    const std::string name(key);
    out.add(name, scan.skip_value());
  });
  return out;
}

void read_vocabulary(std::string_view text, const std::string& what, Vocabulary& out) {
  JsonScanner scan(text, what);
  // The shortest entry is "":0 and a comma, which bounds the ids before their number is known.
  const auto max_ids = static_cast<int64_t>(text.size() / 5 + 1);
  scan.each_member([&](std::string_view token) {
    const int64_t id = scan.integer();
    out.add(token, id, max_ids);
  });
  scan.expect_end();
  if (out.size() == 0) fail(ErrorKind::kCorrupt, what, ": it is empty");
  out.check_without_holes();
}

// A merge is ["left", "right"] or, in older files, "left right".
void read_merges(std::string_view text, const std::string& what, const Vocabulary& vocabulary,
                 BpeModel& model) {
  JsonScanner scan(text, what);
  MergeBatch batch;
  scan.each_element([&] {
    if (batch.is_full()) model.add_merges(vocabulary, batch);
    if (scan.accept('[')) {
      const std::string_view left = scan.string(0);
      scan.expect(',', "the second side of a merge");
      const std::string_view right = scan.string(1);
      scan.expect(']', "the end of a merge");
      batch.add(vocabulary, left, right);
      return;
    }
    if (scan.peek() != '"') scan.fail_here("a merge is [\"left\", \"right\"] or \"left right\"");
    const std::string_view both = scan.string();
    if (both.starts_with("#version")) return;
    const size_t space = both.find(' ');
    if (space == std::string_view::npos || both.find(' ', space + 1) != std::string_view::npos) {
      fail(ErrorKind::kCorrupt, what, ": the merge ", lapidary::quoted(both),
           " must be two tokens with one space between them");
    }
    batch.add(vocabulary, both.substr(0, space), both.substr(space + 1));
  });
  model.add_merges(vocabulary, batch);
  scan.expect_end();
}

void refuse_unless_neutral(const JsonObject& model, const char* key) {
  const Json& value = model.json().contains(key) ? model.at(key) : Json();
  const bool is_neutral = value.is_null() || value == false || value == 0.0 || value == "";
  if (!is_neutral) {
    fail(ErrorKind::kUnsupported, model.what(), ": \"", key, "\" ",
         lapidary::quoted(dump_json(value)), " is not supported");
  }
}

void read_model(std::string_view text, const std::string& what, TokenizerFile& out) {
  JsonScanner scan(text, what);
  const RawMembers members = read_members(scan, what);
  scan.expect_end();
  Json small = Json::object();
  for (const auto& [key, value] : members.all()) {
    if (key != "vocab" && key != "merges") small[key] = members.parse(key);
  }
  const JsonObject model(small, what);
  const std::string type = model.get_string_or("type", "BPE");
  if (type != "BPE") {
    fail(ErrorKind::kUnsupported, what, ": the type ", lapidary::quoted(type),
         " is not supported; supported: BPE");
  }
  static const std::set<std::string, std::less<>> kUnderstood = {"type", "unk_token", "fuse_unk",
                                                                 "byte_fallback", "ignore_merges"};
  for (const auto& [key, value] : small.items()) {
    if (kUnderstood.count(key) == 0) refuse_unless_neutral(model, key.c_str());
  }
  BpeOptions options;
  options.byte_fallback = model.get_bool_or("byte_fallback", false);
  options.fuse_unknown = model.get_bool_or("fuse_unk", false);
  if (model.has("unk_token")) options.unknown_token = model.get_string("unk_token");
  out.ignore_merges = model.get_bool_or("ignore_merges", false);

  try {
    read_vocabulary(members.text("vocab"), members.name_of("vocab"), out.vocabulary);
    out.model = std::make_unique<BpeModel>(out.vocabulary, options);
    read_merges(members.text("merges"), members.name_of("merges"), out.vocabulary, *out.model);
  } catch (const Error& error) {
    if (std::string_view(error.what()).starts_with(what)) throw;
    throw error.with_context(what);
  }
  out.num_model_tokens = static_cast<int32_t>(out.vocabulary.size());
}

AddedToken read_added_token(const JsonObject& json) {
  AddedToken out;
  out.content = json.get_string("content");
  const int64_t id = json.get_int("id");
  if (out.content.empty() || out.content.size() > AddedTokenMatcher::kMaxContentBytes) {
    fail(ErrorKind::kUnsupported, json.what(), ": the content of an added token must have 1 to ",
         AddedTokenMatcher::kMaxContentBytes, " bytes, this one has ", out.content.size());
  }
  if (json.get_bool_or("single_word", false)) {
    fail(ErrorKind::kUnsupported, json.what(), ": \"single_word\" of added token ",
         lapidary::quoted(out.content), " is not supported");
  }
  out.strips_left = json.get_bool_or("lstrip", false);
  out.strips_right = json.get_bool_or("rstrip", false);
  out.is_special = json.get_bool_or("special", false);
  out.is_normalized = json.get_bool_or("normalized", !out.is_special);
  if (id < 0 || id > std::numeric_limits<int32_t>::max()) {
    fail(ErrorKind::kCorrupt, json.what(), ": the id ", id, " is out of range");
  }
  out.id = static_cast<int32_t>(id);
  return out;
}

// Added tokens that the model has must carry the model's id; the others go behind its last.
void read_added_tokens(const Json& json, const std::string& what, TokenizerFile& out) {
  if (json.is_null()) return;
  if (!json.is_array()) {
    fail(ErrorKind::kInvalidArgument, what, ": must be an array, found ", json_type(json));
  }
  const int64_t max_ids = out.vocabulary.size() + static_cast<int64_t>(json.size());
  std::set<std::string_view> seen;
  out.added_tokens.reserve(json.size());  // `seen` looks into it
  for (const Json& item : json) {
    const JsonObject object(item, cat(what, "[", out.added_tokens.size(), "]"));
    const AddedToken& token = out.added_tokens.emplace_back(read_added_token(object));
    if (!seen.insert(token.content).second) {
      fail(ErrorKind::kCorrupt, object.what(), ": added token ", lapidary::quoted(token.content),
           " appears twice");
    }
    const std::optional<int32_t> known = out.vocabulary.find(token.content);
    if (known && *known != token.id) {
      fail(ErrorKind::kCorrupt, object.what(), ": added token ", lapidary::quoted(token.content),
           " has the id ", token.id, " here and ", *known, " in the vocabulary");
    }
    if (known) continue;
    try {
      out.vocabulary.add(token.content, token.id, max_ids);
    } catch (const Error& error) {
      throw error.with_context(object.what());
    }
  }
  try {
    out.vocabulary.check_without_holes();
  } catch (const Error& error) {
    throw error.with_context(what);
  }
}

void append_template_token(const JsonObject& processor, const JsonObject& piece,
                           const Vocabulary& vocabulary, std::vector<int32_t>& out) {
  const std::string name = piece.get_string("id");
  const JsonObject token = processor.get_object("special_tokens").get_object(name);
  for (const int64_t id : token.get_ints("ids")) {
    if (id < 0 || id >= vocabulary.size()) {
      fail(ErrorKind::kCorrupt, token.what(), ": the id ", id,
           " is out of range: the vocabulary has ", vocabulary.size(), " tokens");
    }
    out.push_back(static_cast<int32_t>(id));
  }
}

void read_post_processor(const Json& json, const std::string& what, TokenizerFile& out) {
  if (json.is_null()) return;
  const JsonObject processor(json, what);
  if (component_type(processor) != "TemplateProcessing") {
    refuse_component(processor, "TemplateProcessing");
  }
  bool is_before = true;
  for (const JsonObject& piece : component_list(processor, "single")) {
    if (piece.has("SpecialToken")) {
      append_template_token(processor, piece.get_object("SpecialToken"), out.vocabulary,
                            is_before ? out.ids_before : out.ids_after);
    } else {
      const std::string sequence = piece.get_object("Sequence").get_string("id");
      if (sequence != "A" || !is_before) {
        fail(ErrorKind::kUnsupported, piece.what(),
             ": a template for a single text must hold the sequence A once");
      }
      is_before = false;
    }
  }
  if (is_before) {
    fail(ErrorKind::kUnsupported, what, ": the template for a single text has no sequence A");
  }
}

}  // namespace

TokenizerFile parse_tokenizer_file(std::string_view text, std::string_view what) {
  JsonScanner scan(text, what);
  if (scan.peek() != '{') scan.fail_here("expected an object");
  const RawMembers members = read_members(scan, what);
  scan.expect_end();
  const Json version = members.parse("version");
  if (!version.is_null() && version != "1.0") {
    fail(ErrorKind::kUnsupported, what, ": the version ", lapidary::quoted(dump_json(version)),
         " of the file format is not supported; supported: \"1.0\"");
  }
  members.parse("truncation");  // both only as far as that they are JSON
  members.parse("padding");
  TokenizerFile out;
  read_model(members.text("model"), members.name_of("model"), out);
  read_added_tokens(members.parse("added_tokens"), members.name_of("added_tokens"), out);
  out.normalizer =
      Normalizer::from_json(members.parse("normalizer"), members.name_of("normalizer"));
  out.pre_tokenizer =
      PreTokenizer::from_json(members.parse("pre_tokenizer"), members.name_of("pre_tokenizer"));
  read_post_processor(members.parse("post_processor"), members.name_of("post_processor"), out);
  out.decoder = Decoder::from_json(members.parse("decoder"), members.name_of("decoder"));
  return out;
}

}  // namespace lapidary::tokenizer
