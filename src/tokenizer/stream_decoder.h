// Decoding id by id, as a model makes them: gives out whole characters only, as soon as they are
// whole.
//
//   StreamDecoder decoder(tokenizer, SkipSpecial::kYes);
//   decoder.push(478)  -> ""       "<0xF0>"
//   decoder.push(397)  -> ""       "<0x9F>"
//   decoder.push(390)  -> ""       "<0x98>"
//   decoder.push(366)  -> U+1F600  "<0x80>"
//   decoder.flush()    -> ""
//
// All parts joined equal Tokenizer::decode of the same ids, with one exception that cannot be
// helped: a run of byte tokens that begins with whole characters and turns out broken later. There
// decode gives U+FFFD for every byte of the run, the characters given out here stay, and U+FFFD
// stands for each byte behind them.
#pragma once

#include <cstdint>
#include <string>

#include "tokenizer/tokenizer.h"

namespace lapidary::tokenizer {

class StreamDecoder {
 public:
  StreamDecoder(const Tokenizer& tokenizer, SkipSpecial skip_special)
      : tokenizer_(tokenizer), skip_special_(skip_special) {}

  // What `id` completes. Bytes that can no longer become a character are held back until their run
  // ends, for only then is it known how many there are. Throws as Tokenizer::decode does; the
  // decoder can be used on.
  std::string push(int32_t id);

  // What is still held back, at the end. The decoder then is as new.
  std::string flush();

 private:
  std::string push_byte(uint8_t byte);
  std::string end_run();
  std::string strip(std::string text);

  Tokenizer tokenizer_;
  SkipSpecial skip_special_;
  std::string pending_;           // the beginning of a character, at most 3 bytes
  int64_t num_broken_bytes_ = 0;  // of this run; from the first on, the rest of the run is broken
  Decoder::StripState strip_;
  std::string buffer_;
};

}  // namespace lapidary::tokenizer
