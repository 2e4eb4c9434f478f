#include "checkpoint/safetensors_header.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/json.h"

namespace lapidary::checkpoint {
namespace {

constexpr size_t kLengthBytes = 8;
constexpr std::string_view kMetadataKey = "__metadata__";

// Reads the header's JSON event by event: no document is built, and a key that is there twice is
// seen.
class HeaderReader final : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(const std::string& what) : what_(what) {}

  std::vector<TensorInfo> tensors;
  std::unordered_map<std::string, size_t> by_name;
  std::vector<std::pair<std::string, std::string>> metadata;

  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("a boolean"); }
  bool number_integer(int64_t value) override { unexpected(cat("the number ", value)); }
  bool number_float(double, const std::string& text) override {
    unexpected("the number " + text.substr(0, 40));
  }
  bool binary(Json::binary_t&) override { unexpected("binary data"); }

  bool number_unsigned(uint64_t value) override {
    if (state_ == State::kDims) {
      if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
        unexpected(cat("the number ", value));
      if (tensors.back().shape.size() == kMaxDims)
        fail_here(cat("more than ", kMaxDims, " dimensions"));
      tensors.back().shape.push_back(static_cast<Dim>(value));
    } else if (state_ == State::kOffsets) {
      if (num_offsets_ == 2) fail_here("\"data_offsets\" has more than two numbers");
      (num_offsets_++ == 0 ? tensors.back().begin : tensors.back().end) = value;
    } else {
      unexpected(cat("the number ", value));
    }
    return true;
  }

  bool string(std::string& value) override {
    if (state_ == State::kDtype) {
      const std::optional<StoredDtype> dtype = stored_dtype_from_name(value);
      if (!dtype)
        fail_here(cat("dtype ", lapidary::quoted(value), " is not one of ", stored_dtype_names()));
      tensors.back().dtype = *dtype;
      state_ = State::kFields;
    } else if (state_ == State::kMetadataValue) {
      metadata.back().second = std::move(value);
      state_ = State::kMetadata;
    } else {
      unexpected("the string " + lapidary::quoted(value));
    }
    return true;
  }

  bool start_object(size_t) override {
    if (state_ == State::kStart) {
      state_ = State::kNames;
    } else if (state_ == State::kTensor) {
      has_dtype_ = has_shape_ = has_offsets_ = false;
      state_ = State::kFields;
    } else if (state_ == State::kMetadataStart) {
      state_ = State::kMetadata;
    } else {
      unexpected("an object");
    }
    return true;
  }

  bool key(std::string& name) override {
    if (state_ == State::kNames) {
      start_entry(name);
    } else if (state_ == State::kMetadata) {
      for (const auto& [existing, value] : metadata) {
        if (existing == name)
          fail(ErrorKind::kCorrupt, what_, ": ", kMetadataKey, " has ", lapidary::quoted(name),
               " twice");
      }
      metadata.emplace_back(std::move(name), std::string());
      state_ = State::kMetadataValue;
    } else {
      start_field(name);
    }
    return true;
  }

  bool end_object() override {
    if (state_ == State::kFields) {
      if (!has_dtype_) fail_here("\"dtype\" is missing");
      if (!has_shape_) fail_here("\"shape\" is missing");
      if (!has_offsets_) fail_here("\"data_offsets\" is missing");
    }
    state_ = state_ == State::kNames ? State::kEnd : State::kNames;
    return true;
  }

  bool start_array(size_t) override {
    if (state_ == State::kShape) {
      state_ = State::kDims;
    } else if (state_ == State::kOffsetsStart) {
      state_ = State::kOffsets;
      num_offsets_ = 0;
    } else {
      unexpected("an array");
    }
    return true;
  }

  bool end_array() override {
    if (state_ == State::kOffsets && num_offsets_ != 2)
      fail_here("\"data_offsets\" must be [begin, end]");
    state_ = State::kFields;
    return true;
  }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const std::string text = error.what();
    const size_t at = text.rfind(": ");
    fail(ErrorKind::kCorrupt, what_, ": the header is not valid JSON at byte ",
         position + kLengthBytes, at == std::string::npos ? "" : text.substr(at).substr(0, 200));
  }

 private:
  enum class State {
    kStart,
    kNames,          // inside the outer object
    kMetadataStart,  // before the object of __metadata__
    kMetadata,
    kMetadataValue,
    kTensor,  // before a tensor's object
    kFields,  // inside it
    kDtype,
    kShape,
    kDims,
    kOffsetsStart,
    kOffsets,
    kEnd,
  };

  void start_entry(std::string& name) {
    if (name == kMetadataKey) {
      if (has_metadata_) fail(ErrorKind::kCorrupt, what_, ": ", kMetadataKey, " is there twice");
      has_metadata_ = true;
      state_ = State::kMetadataStart;
      return;
    }
    if (!by_name.emplace(name, tensors.size()).second)
      fail(ErrorKind::kCorrupt, what_, ": tensor ", lapidary::quoted(name), " is there twice");
    tensors.emplace_back().name = std::move(name);
    state_ = State::kTensor;
  }

  void start_field(const std::string& name) {
    const auto enter = [&](bool& seen, State state) {
      if (seen) fail_here(lapidary::quoted(name) + " is there twice");
      seen = true;
      state_ = state;
    };
    if (name == "dtype") {
      enter(has_dtype_, State::kDtype);
    } else if (name == "shape") {
      enter(has_shape_, State::kShape);
    } else if (name == "data_offsets") {
      enter(has_offsets_, State::kOffsetsStart);
    } else {
      fail_here("unknown field " + lapidary::quoted(name) +
                "; allowed are dtype, shape, data_offsets");
    }
  }

  [[noreturn]] void fail_here(const std::string& problem) const {
    fail(ErrorKind::kCorrupt, what_, ": tensor ", lapidary::quoted(tensors.back().name), ": ",
         problem);
  }

  [[noreturn]] void unexpected(const std::string& found) const {
    switch (state_) {
      case State::kTensor:
        fail_here("expected an object, found " + found);
      case State::kDtype:
        fail_here("\"dtype\" must be a string, found " + found);
      case State::kShape:
      case State::kDims:
        fail_here("\"shape\" must be an array of integers from 0 to 2^63-1, found " + found);
      case State::kOffsetsStart:
      case State::kOffsets:
        fail_here("\"data_offsets\" must be two integers from 0 to 2^64-1, found " + found);
      case State::kMetadataStart:
      case State::kMetadataValue:
        fail(ErrorKind::kCorrupt, what_, ": ", kMetadataKey,
             " must be an object of strings, found ", found);
      default:
        fail(ErrorKind::kCorrupt, what_, ": the header must be a JSON object of tensors, found ",
             found);
    }
  }

  const std::string& what_;
  State state_ = State::kStart;
  bool has_metadata_ = false;
  bool has_dtype_ = false;
  bool has_shape_ = false;
  bool has_offsets_ = false;
  int num_offsets_ = 0;
};

uint64_t header_length(std::span<const std::byte> head, uint64_t file_size,
                       const std::string& what) {
  if (file_size < kLengthBytes || head.size() < kLengthBytes) {
    fail(ErrorKind::kCorrupt, what, ": ", file_size,
         " bytes are too few for a safetensors file (8 bytes of header length come first)");
  }
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) length |= std::to_integer<uint64_t>(head[i]) << (8 * i);
  if (length > kMaxHeaderBytes) {
    fail(ErrorKind::kCorrupt, what, ": the header is said to have ", length, " bytes, allowed are ",
         kMaxHeaderBytes, "; is this a safetensors file?");
  }
  if (length > file_size - kLengthBytes) {
    fail(ErrorKind::kCorrupt, what, ": the header is said to have ", length,
         " bytes, but the file has ", file_size, " in all; it is cut short or no safetensors file");
  }
  return length;
}

// Every tensor has the size of its shape; together they cover the data without overlap or hole.
void check_layout(const std::vector<TensorInfo>& tensors, uint64_t data_size,
                  const std::string& what) {
  uint64_t covered = 0;
  const TensorInfo* previous = nullptr;
  for (const TensorInfo& tensor : tensors) {
    const std::string where = cat(what, ": tensor ", lapidary::quoted(tensor.name), ": ");
    const std::string bytes = cat("bytes [", tensor.begin, ", ", tensor.end, ")");
    if (tensor.end < tensor.begin)
      fail(ErrorKind::kCorrupt, where, "data_offsets ", bytes, " end before they begin");
    const std::optional<uint64_t> required = stored_bytes(tensor.dtype, tensor.shape);
    if (!required) {
      fail(ErrorKind::kCorrupt, where, "shape ", shape_text(tensor.shape), " of ",
           to_string(tensor.dtype), " does not come to a whole number of bytes below 2^60");
    }
    if (*required != tensor.size_bytes()) {
      fail(ErrorKind::kCorrupt, where, "shape ", shape_text(tensor.shape), " of ",
           to_string(tensor.dtype), " takes ", *required, " bytes, data_offsets say ",
           tensor.size_bytes());
    }
    if (tensor.begin < covered) {
      fail(ErrorKind::kCorrupt, where, bytes, " overlap those of ",
           lapidary::quoted(previous->name), " [", previous->begin, ", ", previous->end, ")");
    }
    if (tensor.begin > covered) {
      fail(ErrorKind::kCorrupt, where, bytes, " leave a hole of ", tensor.begin - covered,
           " bytes before them");
    }
    if (tensor.end > data_size) {
      fail(ErrorKind::kCorrupt, where, bytes, " lie outside the file, whose data has ", data_size,
           " bytes; the file is cut short");
    }
    covered = tensor.end;
    previous = &tensor;
  }
  if (covered != data_size) {
    fail(ErrorKind::kCorrupt, what, ": the tensors end at byte ", covered,
         " of the data, but the data has ", data_size, " bytes");
  }
}

}  // namespace

Dim TensorInfo::num_elements() const {
  Dim out = 1;
  for (const Dim dim : shape) out *= dim;
  return out;
}

SafetensorsHeader SafetensorsHeader::parse(std::span<const std::byte> head, uint64_t file_size,
                                           const std::string& what) {
  const uint64_t length = header_length(head, file_size, what);
  LAPIDARY_CHECK(head.size() >= kLengthBytes + length, head.size());
  const auto* text = reinterpret_cast<const char*>(head.data()) + kLengthBytes;
  if (length == 0 || *text != '{')
    fail(ErrorKind::kCorrupt, what, ": the header does not begin with '{'");

  HeaderReader reader(what);
  Json::sax_parse(text, text + length, &reader);

  SafetensorsHeader header;
  header.tensors_ = std::move(reader.tensors);
  header.metadata_ = std::move(reader.metadata);
  header.data_begin_ = kLengthBytes + length;
  // Empty tensors lie at the end of another one's bytes: they come before what begins there.
  std::sort(header.tensors_.begin(), header.tensors_.end(),
            [](const TensorInfo& a, const TensorInfo& b) {
              if (a.begin != b.begin) return a.begin < b.begin;
              return a.end != b.end ? a.end < b.end : a.name < b.name;
            });
  check_layout(header.tensors_, file_size - header.data_begin_, what);
  header.by_name_ = std::move(reader.by_name);
  for (size_t i = 0; i < header.tensors_.size(); ++i) header.by_name_[header.tensors_[i].name] = i;
  return header;
}

const TensorInfo* SafetensorsHeader::find(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? nullptr : &tensors_[found->second];
}

void lay_out_tensors(std::vector<TensorInfo>& tensors) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return a.dtype != b.dtype ? a.dtype > b.dtype : a.name < b.name;
  });
  std::unordered_map<std::string_view, size_t> seen;
  uint64_t at = 0;
  for (TensorInfo& tensor : tensors) {
    const std::optional<uint64_t> bytes = stored_bytes(tensor.dtype, tensor.shape);
    if (!bytes || *bytes > (uint64_t{1} << 62U) - at) {
      fail(ErrorKind::kInvalidArgument, "cannot write tensor ", lapidary::quoted(tensor.name),
           " of shape ", shape_text(tensor.shape), ": its size does not fit");
    }
    if (tensor.name == kMetadataKey || !seen.emplace(tensor.name, 0).second) {
      fail(ErrorKind::kInvalidArgument, "cannot write tensor ", lapidary::quoted(tensor.name),
           ": the name is taken");
    }
    tensor.begin = at;
    at += *bytes;
    tensor.end = at;
  }
}

std::string make_safetensors_header(std::span<const TensorInfo> tensors,
                                    std::span<const std::pair<std::string, std::string>> metadata) {
  const auto text = [](std::string_view value) { return dump_json(Json(value)); };
  std::string json = "{";
  if (!metadata.empty()) {
    json += cat("\"", kMetadataKey, "\":{");
    for (const auto& [key, value] : metadata) {
      if (json.back() != '{') json += ',';
      json += text(key) + ':' + text(value);
    }
    json += '}';
  }
  for (const TensorInfo& tensor : tensors) {
    if (json.size() > 1) json += ',';
    json += cat(text(tensor.name), ":{\"dtype\":\"", to_string(tensor.dtype), "\",\"shape\":[");
    for (size_t i = 0; i < tensor.shape.size(); ++i) json += cat(i > 0 ? "," : "", tensor.shape[i]);
    json += cat("],\"data_offsets\":[", tensor.begin, ",", tensor.end, "]}");
  }
  json += '}';
  while (json.size() % 8 != 0) json += ' ';
  if (json.size() > kMaxHeaderBytes) {
    fail(ErrorKind::kInvalidArgument, "cannot write a safetensors header of ", json.size(),
         " bytes; allowed are ", kMaxHeaderBytes, ": use more shards");
  }
  std::string out;
  for (size_t i = 0; i < kLengthBytes; ++i)
    out += static_cast<char>((json.size() >> (8 * i)) & 0xffU);
  return out + json;
}

}  // namespace lapidary::checkpoint
