// safetensors files byte by byte, sound or not.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"

namespace lapidary::test {

// Length, header text and `data_bytes` of zeros.
inline std::string raw_safetensors(const std::string& header, size_t data_bytes) {
  std::string out;
  for (size_t i = 0; i < 8; ++i) out += static_cast<char>((header.size() >> (8 * i)) & 0xffU);
  return out + header + std::string(data_bytes, '\0');
}

inline void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// The error that `action` throws, or nothing.
inline std::optional<Error> error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

// Expects an error of this kind whose message has every one of `parts`.
inline void expect_error(const std::function<void()>& action, ErrorKind kind,
                         const std::vector<std::string>& parts) {
  const std::optional<Error> error = error_of(action);
  ASSERT_TRUE(error.has_value()) << "no error; expected one with: " << parts.front();
  EXPECT_EQ(to_string(error->kind()), to_string(kind)) << error->what();
  for (const std::string& part : parts)
    EXPECT_NE(std::string(error->what()).find(part), std::string::npos)
        << "expected \"" << part << "\" in: " << error->what();
}

}  // namespace lapidary::test
