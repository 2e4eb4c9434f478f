#include "checkpoint/safetensors_writer.h"

#include "base/check.h"

namespace lapidary::checkpoint {

SafetensorsWriter::SafetensorsWriter(
    const std::string& path, std::vector<TensorInfo> tensors,
    const std::vector<std::pair<std::string, std::string>>& metadata)
    : tensors_(std::move(tensors)), file_(path) {
  lay_out_tensors(tensors_);
  remaining_ = tensors_.empty() ? 0 : tensors_.back().end;
  const std::string header = make_safetensors_header(tensors_, metadata);
  file_.reserve(header.size() + remaining_);
  file_.append(std::as_bytes(std::span(header)));
}

void SafetensorsWriter::append(std::span<const std::byte> bytes) {
  LAPIDARY_CHECK(bytes.size() <= remaining_, file_.path(), ": ", bytes.size(), " bytes for ",
                 remaining_);
  file_.append(bytes);
  remaining_ -= bytes.size();
}

void SafetensorsWriter::finish() {
  LAPIDARY_CHECK(remaining_ == 0, file_.path(), ": ", remaining_, " bytes are missing");
  file_.finish();
}

}  // namespace lapidary::checkpoint
