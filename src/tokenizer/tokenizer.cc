#include "tokenizer/tokenizer.h"

#include <filesystem>
#include <mutex>

#include "base/check.h"
#include "base/file.h"
#include "tokenizer/tokenizer_file.h"
#include "tokenizer/utf8.h"

namespace lapidary::tokenizer {
namespace {

constexpr size_t kMaxTextBytes = size_t{1} << 29;

// What one call of encode works with. Kept and handed to the next call, above all for its cache.
struct Workspace {
  BpeScratch scratch;
  std::vector<Stretch> stretches;
  std::vector<Stretch> normalized_stretches;
  std::vector<std::string_view> pieces;
  std::string normalized;
};

// Lends workspaces to threads. As many exist as calls ran at one time.
class WorkspacePool {
 public:
  std::unique_ptr<Workspace> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        std::unique_ptr<Workspace> out = std::move(free_.back());
        free_.pop_back();
        return out;
      }
    }
    return std::make_unique<Workspace>();
  }

  // One that a long text may have stretched is dropped instead.
  void give_back(std::unique_ptr<Workspace> workspace, size_t text_bytes) {
    constexpr size_t kMaxKeptTextBytes = size_t{1} << 20;
    if (text_bytes > kMaxKeptTextBytes) return;
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(workspace));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workspace>> free_;
};

std::vector<AddedToken> added_to_raw_text(const TokenizerFile& file) {
  std::vector<AddedToken> out;
  for (const AddedToken& token : file.added_tokens) {
    if (!token.is_normalized) out.push_back(token);
  }
  return out;
}

// With the contents as they look once normalized; special ones first, which win where two look
// the same.
std::vector<AddedToken> added_to_normalized_text(const TokenizerFile& file) {
  std::vector<AddedToken> out;
  for (const bool special : {true, false}) {
    for (AddedToken token : file.added_tokens) {
      if (!token.is_normalized || token.is_special != special) continue;
      std::string buffer;
      token.content = std::string(file.normalizer.apply(token.content, buffer));
      out.push_back(std::move(token));
    }
  }
  return out;
}

}  // namespace

struct Tokenizer::State {
  explicit State(TokenizerFile parsed)
      : file(std::move(parsed)),
        raw_matcher(added_to_raw_text(file)),
        normalized_matcher(added_to_normalized_text(file)),
        is_special(static_cast<size_t>(file.vocabulary.size()), false) {
    for (const AddedToken& token : file.added_tokens) {
      if (token.is_special) is_special[static_cast<size_t>(token.id)] = true;
    }
  }

  void encode(std::string_view text, Workspace& work, std::vector<int32_t>& out) const;
  void encode_normalized(std::string_view text, Workspace& work, std::vector<int32_t>& out) const;
  void check_id(int32_t id) const;

  TokenizerFile file;
  AddedTokenMatcher raw_matcher;
  AddedTokenMatcher normalized_matcher;
  std::vector<bool> is_special;  // by id
  mutable WorkspacePool workspaces;
};

void Tokenizer::State::encode(std::string_view text, Workspace& work,
                              std::vector<int32_t>& out) const {
  work.stretches.clear();
  raw_matcher.split(text, work.stretches);
  for (const Stretch& stretch : work.stretches) {
    if (stretch.added_id >= 0) {
      out.push_back(stretch.added_id);
      continue;
    }
    const std::string_view normalized = file.normalizer.apply(stretch.text, work.normalized);
    work.normalized_stretches.clear();
    normalized_matcher.split(normalized, work.normalized_stretches);
    for (const Stretch& inner : work.normalized_stretches) {
      if (inner.added_id >= 0) {
        out.push_back(inner.added_id);
      } else {
        encode_normalized(inner.text, work, out);
      }
    }
  }
}

void Tokenizer::State::encode_normalized(std::string_view text, Workspace& work,
                                         std::vector<int32_t>& out) const {
  file.pre_tokenizer.split(text, work.pieces);
  for (const std::string_view piece : work.pieces) {
    if (file.ignore_merges) {
      const std::optional<int32_t> whole = file.vocabulary.find(piece);
      if (whole && *whole < file.num_model_tokens) {
        out.push_back(*whole);
        continue;
      }
    }
    file.model->encode(piece, work.scratch, out);
  }
}

void Tokenizer::State::check_id(int32_t id) const {
  if (id >= 0 && id < file.vocabulary.size()) return;
  fail(ErrorKind::kInvalidArgument, "token id ", id, " is outside of the vocabulary of ",
       file.vocabulary.size(), " tokens; ids are 0 to ", file.vocabulary.size() - 1);
}

Tokenizer Tokenizer::load(const std::string& folder_or_file) {
  std::string path = folder_or_file;
  if (std::filesystem::is_directory(path)) {
    path = (std::filesystem::path(path) / "tokenizer.json").string();
    if (!std::filesystem::exists(path)) {
      fail(ErrorKind::kNotFound, "cannot load a tokenizer from ", folder_or_file,
           ": the folder has no tokenizer.json");
    }
  }
  const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
  const std::span<const std::byte> bytes = file->bytes();
  return from_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

Tokenizer Tokenizer::from_json(std::string_view text, std::string_view what) {
  return Tokenizer(std::make_shared<const State>(parse_tokenizer_file(text, what)));
}

std::vector<int32_t> Tokenizer::encode(std::string_view text, SpecialTokens special_tokens) const {
  if (text.size() > kMaxTextBytes) {
    fail(ErrorKind::kInvalidArgument, "cannot encode a text of ", text.size(), " bytes; at most ",
         kMaxTextBytes, " are allowed");
  }
  std::string mended;
  if (well_formed_prefix(text) != text.size()) {
    mended = replace_ill_formed(text);
    text = mended;
  }
  std::vector<int32_t> out;
  const bool adds = special_tokens == SpecialTokens::kAdd;
  if (adds) out = state_->file.ids_before;
  std::unique_ptr<Workspace> work = state_->workspaces.take();
  state_->encode(text, *work, out);
  state_->workspaces.give_back(std::move(work), text.size());
  if (adds) out.insert(out.end(), state_->file.ids_after.begin(), state_->file.ids_after.end());
  return out;
}

std::optional<Decoder::Part> Tokenizer::decode_one(int32_t id, SkipSpecial skip_special,
                                                   std::string& buffer) const {
  state_->check_id(id);
  if (skip_special == SkipSpecial::kYes && state_->is_special[static_cast<size_t>(id)]) {
    return std::nullopt;
  }
  return state_->file.decoder.decode(state_->file.vocabulary.text(id), buffer);
}

const Decoder& Tokenizer::decoder() const {
  return state_->file.decoder;
}

std::string Tokenizer::decode(std::span<const int32_t> ids, SkipSpecial skip_special) const {
  std::string out;
  std::string run;  // of byte tokens
  std::string buffer;
  const auto end_run = [&] {
    if (well_formed_prefix(run) == run.size()) {
      out += run;
    } else {
      for (size_t i = 0; i < run.size(); ++i) out += kReplacementCharacter;
    }
    run.clear();
  };
  for (const int32_t id : ids) {
    const std::optional<Decoder::Part> part = decode_one(id, skip_special, buffer);
    if (!part) continue;
    if (part->byte) {
      run += static_cast<char>(*part->byte);
      continue;
    }
    end_run();
    out += part->text;
  }
  end_run();
  Decoder::StripState strip;
  const size_t kept = decoder().strip_start(out, strip).size();
  out.erase(0, out.size() - kept);
  return out;
}

Dim Tokenizer::vocab_size() const {
  return state_->file.vocabulary.size();
}

std::optional<int32_t> Tokenizer::id_of(std::string_view token) const {
  return state_->file.vocabulary.find(token);
}

const std::string& Tokenizer::token_of(int32_t id) const {
  state_->check_id(id);
  return state_->file.vocabulary.text(id);
}

bool Tokenizer::is_special(int32_t id) const {
  state_->check_id(id);
  return state_->is_special[static_cast<size_t>(id)];
}

std::string Tokenizer::summary() const {
  const TokenizerFile& file = state_->file;
  Dim num_special = 0;
  for (const AddedToken& token : file.added_tokens) num_special += token.is_special ? 1 : 0;
  std::string out = cat("BPE, ", vocab_size(), " tokens (", file.added_tokens.size(), " added, ",
                        num_special, " special), ", file.model->num_merges(), " merges");
  if (file.model->has_byte_fallback()) out += ", byte fallback";
  for (const int32_t id : file.ids_before)
    out += ", puts " + lapidary::quoted(token_of(id)) + " first";
  for (const int32_t id : file.ids_after)
    out += ", puts " + lapidary::quoted(token_of(id)) + " last";
  return out;
}

}  // namespace lapidary::tokenizer
