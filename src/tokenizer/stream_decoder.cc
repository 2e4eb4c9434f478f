#include "tokenizer/stream_decoder.h"

#include "tokenizer/utf8.h"

namespace lapidary::tokenizer {

std::string StreamDecoder::push(int32_t id) {
  const std::optional<Decoder::Part> part = tokenizer_.decode_one(id, skip_special_, buffer_);
  if (!part) return {};
  if (part->byte) return strip(push_byte(*part->byte));
  std::string out = end_run();
  out += part->text;
  return strip(std::move(out));
}

std::string StreamDecoder::push_byte(uint8_t byte) {
  if (num_broken_bytes_ > 0) {
    ++num_broken_bytes_;
    return {};
  }
  pending_ += static_cast<char>(byte);
  switch (first_character(pending_).kind) {
    case Utf8::kWhole:
      return std::exchange(pending_, std::string());
    case Utf8::kCut:
      return {};
    case Utf8::kBroken:
      num_broken_bytes_ = static_cast<int64_t>(pending_.size());
      pending_.clear();
      return {};
  }
  return {};
}

std::string StreamDecoder::end_run() {
  const int64_t count = num_broken_bytes_ + static_cast<int64_t>(pending_.size());
  num_broken_bytes_ = 0;
  pending_.clear();
  std::string out;
  for (int64_t i = 0; i < count; ++i) out += kReplacementCharacter;
  return out;
}

std::string StreamDecoder::strip(std::string text) {
  const size_t kept = tokenizer_.decoder().strip_start(text, strip_).size();
  text.erase(0, text.size() - kept);
  return text;
}

std::string StreamDecoder::flush() {
  std::string out = strip(end_run());
  strip_ = {};
  return out;
}

}  // namespace lapidary::tokenizer
