#include "observe/tensorboard_sink.h"

#include <bit>
#include <cstring>

#include "base/text.h"
#include "observe/crc32c.h"

namespace lapidary::observe {
namespace {

template <typename T>
std::string little_endian(T value) {
  std::string out(sizeof(value), '\0');
  std::memcpy(out.data(), &value, sizeof(value));
  return out;
}

std::string varint(uint64_t value) {
  std::string out;
  while (value >= 0x80) {
    out += static_cast<char>((value & 0x7F) | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
  return out;
}

// Protobuf fields: wire type 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes.
std::string key(uint32_t field, uint32_t wire_type) {
  return varint(field << 3 | wire_type);
}
std::string bytes_field(uint32_t field, std::string_view bytes) {
  return key(field, 2) + varint(bytes.size()) + std::string(bytes);
}

// message Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary =
// 5; }
std::string event(double wall_time, int64_t step, const std::string& payload) {
  return key(1, 1) + little_endian(wall_time) + key(2, 0) + varint(static_cast<uint64_t>(step)) +
         payload;
}

// message Summary { repeated Value value = 1; }   message Value { string tag = 1; float
// simple_value = 2; }
std::string summary(const MetricRow& row) {
  std::string values;
  for (const auto& [name, value] : row.values()) {
    values +=
        bytes_field(1, bytes_field(1, name) + key(2, 5) + little_endian(static_cast<float>(value)));
  }
  return bytes_field(5, values);
}

uint32_t masked(uint32_t crc) {
  return std::rotr(crc, 15) + 0xA282EAD8U;
}

std::string record(const std::string& data) {
  const std::string length = little_endian(static_cast<uint64_t>(data.size()));
  return length + little_endian(masked(crc32c(length))) + data +
         little_endian(masked(crc32c(data)));
}

}  // namespace

TensorboardSink::TensorboardSink(const std::string& folder, std::function<double()> wall_seconds)
    : wall_seconds_(std::move(wall_seconds)),
      file_(cat(folder, "/events.out.tfevents.", static_cast<int64_t>(wall_seconds_()),
                ".lapidary")) {
  file_.append(record(event(wall_seconds_(), 0, bytes_field(3, "brain.Event:2"))));
}

void TensorboardSink::write(const MetricRow& row) {
  file_.append(record(event(wall_seconds_(), row.step(), summary(row))));
}

}  // namespace lapidary::observe
