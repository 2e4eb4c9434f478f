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

// Puts `what` in front of the message of an error that does not begin with it.
template <typename Action>
void with_name(std::string_view what, Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    if (std::string_view(error.what()).starts_with(what)) throw;
    throw error.with_context(what);
  }
}

void read_vocabulary(std::string_view text, const std::string& what, Vocabulary& out) {
  JsonScanner scan(text, what);
  constexpr size_t kUsualEntryBytes = 24;
  out.reserve(text.size() / kUsualEntryBytes);
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

RawMembers read_members(JsonScanner& scan, std::string_view what) {
  RawMembers out(what);
  scan.each_member([&](std::string_view key) {
    const std::string name(key);
    out.add(name, scan.skip_value());
  });
  return out;
}

// The members of the model but for vocabulary and merges.
Json read_model_settings(const RawMembers& members) {
  static const std::set<std::string, std::less<>> kUnderstood = {"type", "unk_token", "fuse_unk",
                                                                 "byte_fallback", "ignore_merges"};
  Json out = Json::object();
  for (const auto& [key, value] : members.all()) {
    if (key == "vocab" || key == "merges") continue;
    out[key] = members.parse(key);
    const Json& parsed = out[key];
    const bool is_neutral = parsed.is_null() || parsed == false || parsed == 0.0 || parsed == "";
    if (!is_neutral && kUnderstood.count(key) == 0) {
      fail(ErrorKind::kUnsupported, members.name_of(key), ": ", lapidary::quoted(dump_json(parsed)),
           " is not supported");
    }
  }
  return out;
}

void read_model(const RawMembers& members, const std::string& what, TokenizerFile& out) {
  const Json settings = read_model_settings(members);
  const JsonObject model(settings, what);
  const std::string type = model.get_string_or("type", "BPE");
  if (type != "BPE") {
    fail(ErrorKind::kUnsupported, what, ": the type ", lapidary::quoted(type),
         " is not supported; supported: BPE");
  }
  BpeOptions options;
  options.byte_fallback = model.get_bool_or("byte_fallback", false);
  options.fuse_unknown = model.get_bool_or("fuse_unk", false);
  if (model.has("unk_token")) options.unknown_token = model.get_string("unk_token");
  out.ignore_merges = model.get_bool_or("ignore_merges", false);

  const std::string vocabulary_name = members.name_of("vocab");
  const std::string_view vocabulary = members.text("vocab");
  const std::string merges_name = members.name_of("merges");
  const std::string_view merges = members.text("merges");
  with_name(vocabulary_name, [&] { read_vocabulary(vocabulary, vocabulary_name, out.vocabulary); });
  with_name(what, [&] { out.model = std::make_unique<BpeModel>(out.vocabulary, options); });
  with_name(merges_name, [&] { read_merges(merges, merges_name, out.vocabulary, *out.model); });
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
    with_name(object.what(), [&] { out.vocabulary.add(token.content, token.id, max_ids); });
  }
  with_name(what, [&] { out.vocabulary.check_without_holes(); });
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
  RawMembers members(what);
  const std::string model_name = members.name_of("model");
  RawMembers model(model_name);
  scan.each_member([&](std::string_view key) {
    const std::string name(key);
    if (name != "model" || scan.peek() != '{') {
      members.add(name, scan.skip_value());
      return;
    }
    members.add(name, {});
    model = read_members(scan, model_name);  // at once: its value is nearly all of the file
  });
  scan.expect_end();
  if (!members.text("model").empty()) {
    fail(ErrorKind::kInvalidArgument, model_name, ": must be an object");
  }
  const Json version = members.parse("version");
  if (!version.is_null() && version != "1.0") {
    fail(ErrorKind::kUnsupported, what, ": the version ", lapidary::quoted(dump_json(version)),
         " of the file format is not supported; supported: \"1.0\"");
  }
  members.parse("truncation");  // both only as far as that they are JSON
  members.parse("padding");
  TokenizerFile out;
  read_model(model, model_name, out);
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
