// Vectors made with Hugging Face tokenizers, and how a tokenizer is held against them.
#pragma once

#include <functional>
#include <string>

#include "tokenizer/tokenizer.h"

namespace lapidary::tokenizer {

// Each checks every line of the file and returns how many there were. Lines: {"text", "ids",
// "ids_with_special", "decoded", "decoded_skip_special"}; {"ids", "decoded",
// "decoded_skip_special"}; {"ids", "skip_special", "pieces", "flush", "decoded"}.
int check_encode_vectors(const Tokenizer& tokenizer, const std::string& path);
int check_decode_vectors(const Tokenizer& tokenizer, const std::string& path);
int check_stream_vectors(const Tokenizer& tokenizer, const std::string& path);

// What `action` throws as Error, or "no error".
std::string error_of(const std::function<void()>& action);

}  // namespace lapidary::tokenizer
