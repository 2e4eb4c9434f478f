// Text to measure a tokenizer on, made up but shaped like what a model reads and writes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace lapidary::cli {

// Documents of 2 to 6 KiB, `num_bytes` in all and the rest of the last: prose, code, JSON,
// arithmetic, Chinese, Japanese, Korean and Cyrillic, emoji, and long runs of one character. The
// same on every machine.
std::vector<std::string> mixed_documents(size_t num_bytes);

}  // namespace lapidary::cli
