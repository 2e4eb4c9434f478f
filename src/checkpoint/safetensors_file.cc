#include "checkpoint/safetensors_file.h"

#include <ATen/ops/from_blob.h>
#include <c10/core/GradMode.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "checkpoint/finite.h"

namespace lapidary::checkpoint {
namespace {

constexpr size_t kPieceBytes = size_t{16} << 20;

struct DtypePair {
  StoredDtype stored;
  c10::ScalarType scalar;
};

constexpr std::array<DtypePair, 19> kDtypePairs = {{
    {StoredDtype::kBool, c10::ScalarType::Bool},
    {StoredDtype::kU8, c10::ScalarType::Byte},
    {StoredDtype::kI8, c10::ScalarType::Char},
    {StoredDtype::kF8E5M2, c10::ScalarType::Float8_e5m2},
    {StoredDtype::kF8E4M3, c10::ScalarType::Float8_e4m3fn},
    {StoredDtype::kF8E8M0, c10::ScalarType::Float8_e8m0fnu},
    {StoredDtype::kF8E4M3Fnuz, c10::ScalarType::Float8_e4m3fnuz},
    {StoredDtype::kF8E5M2Fnuz, c10::ScalarType::Float8_e5m2fnuz},
    {StoredDtype::kI16, c10::ScalarType::Short},
    {StoredDtype::kU16, c10::ScalarType::UInt16},
    {StoredDtype::kF16, c10::ScalarType::Half},
    {StoredDtype::kBF16, c10::ScalarType::BFloat16},
    {StoredDtype::kI32, c10::ScalarType::Int},
    {StoredDtype::kU32, c10::ScalarType::UInt32},
    {StoredDtype::kF32, c10::ScalarType::Float},
    {StoredDtype::kC64, c10::ScalarType::ComplexFloat},
    {StoredDtype::kF64, c10::ScalarType::Double},
    {StoredDtype::kI64, c10::ScalarType::Long},
    {StoredDtype::kU64, c10::ScalarType::UInt64},
}};

const DtypePair* pair_of(StoredDtype dtype) {
  for (const DtypePair& pair : kDtypePairs) {
    if (pair.stored == dtype) return &pair;
  }
  return nullptr;
}

// [2, 3, 4] and 23 -> "[1, 2, 3]"
std::string index_text(std::span<const Dim> shape, uint64_t flat) {
  std::vector<int64_t> index(shape.size());
  for (size_t i = shape.size(); i-- > 0;) {
    const auto dim = static_cast<uint64_t>(shape[i]);
    index[i] = static_cast<int64_t>(flat % dim);
    flat /= dim;
  }
  return shape_text(index);
}

// Sums up the pieces of one tensor.
class FiniteReport {
 public:
  void add(const NonFinite& piece, uint64_t first_element) {
    if (piece.count > 0 && count_ == 0) first_ = first_element + piece.first;
    count_ += piece.count;
  }
  void throw_if_any(const std::string& path, const TensorInfo& tensor) const {
    if (count_ == 0) return;
    fail(ErrorKind::kCorrupt, path, ": tensor ", tensor.name, " has ", count_,
         count_ == 1 ? " value that is" : " values that are", " not finite, the first at ",
         index_text(tensor.shape, first_),
         "; the file is damaged or the training that wrote it diverged");
  }

 private:
  uint64_t count_ = 0;
  uint64_t first_ = 0;
};

void advise(std::span<const std::byte> bytes, int advice) {
  if (bytes.empty()) return;
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t begin = reinterpret_cast<uintptr_t>(bytes.data()) & ~(page - 1);
  const uintptr_t end = reinterpret_cast<uintptr_t>(bytes.data()) + bytes.size();
  ::madvise(reinterpret_cast<void*>(begin), end - begin, advice);  // only advice: may fail
}

// A tensor over bytes of the map, or over `aligned_copy` when they are not aligned for the dtype.
at::Tensor piece_tensor(std::span<const std::byte> bytes, c10::ScalarType dtype, int64_t elements,
                        std::vector<std::byte>& aligned_copy) {
  const std::byte* data = bytes.data();
  if (reinterpret_cast<uintptr_t>(data) % c10::elementSize(dtype) != 0) {
    aligned_copy.assign(bytes.begin(), bytes.end());
    data = aligned_copy.data();
  }
  return at::from_blob(const_cast<std::byte*>(data), {elements}, at::TensorOptions(dtype));
}

}  // namespace

c10::ScalarType scalar_type(StoredDtype dtype) {
  const DtypePair* pair = pair_of(dtype);
  if (pair == nullptr)
    fail(ErrorKind::kUnsupported, "tensors of dtype ", to_string(dtype), " cannot be loaded");
  return pair->scalar;
}

StoredDtype stored_dtype(c10::ScalarType dtype) {
  for (const DtypePair& pair : kDtypePairs) {
    if (pair.scalar == dtype) return pair.stored;
  }
  fail(ErrorKind::kUnsupported, "tensors of dtype ", c10::toString(dtype), " cannot be saved");
}

std::shared_ptr<const SafetensorsFile> SafetensorsFile::open(const std::string& path) {
  std::shared_ptr<const MappedFile> map = MappedFile::open(path);
  SafetensorsHeader header = SafetensorsHeader::parse(map->bytes(), map->bytes().size(), path);
  std::shared_ptr<const SafetensorsFile> file(
      new SafetensorsFile(std::move(map), std::move(header)));
  file->release(file->map_->bytes().first(file->header_.data_begin()));
  return file;
}

const TensorInfo& SafetensorsFile::at(std::string_view name) const {
  const TensorInfo* found = header_.find(name);
  if (found == nullptr) fail(ErrorKind::kNotFound, path(), " has no tensor ", name);
  return *found;
}

std::span<const std::byte> SafetensorsFile::bytes(const TensorInfo& tensor) const {
  return map_->bytes().subspan(header_.data_begin() + tensor.begin, tensor.size_bytes());
}

bool SafetensorsFile::can_view(const TensorInfo& tensor) const {
  const DtypePair* pair = pair_of(tensor.dtype);
  return pair != nullptr &&
         reinterpret_cast<uintptr_t>(bytes(tensor).data()) % c10::elementSize(pair->scalar) == 0;
}

at::Tensor SafetensorsFile::view(const TensorInfo& tensor) const {
  LAPIDARY_CHECK(can_view(tensor), path(), ": ", tensor.name);
  auto* data = const_cast<std::byte*>(bytes(tensor).data());
  return at::from_blob(
      data, tensor.shape, [map = map_](void*) {}, at::TensorOptions(scalar_type(tensor.dtype)));
}

void SafetensorsFile::copy_into(const TensorInfo& tensor, const at::Tensor& destination,
                                FiniteCheck finite) const {
  LAPIDARY_CHECK(destination.sizes() == c10::IntArrayRef(tensor.shape), tensor.name, ": ",
                 shape_text(destination.sizes()), " for ", shape_text(tensor.shape));
  LAPIDARY_CHECK(destination.is_contiguous(), tensor.name);
  const c10::ScalarType dtype = scalar_type(tensor.dtype);
  const c10::NoGradGuard no_grad;  // the destination may be a parameter
  const at::Tensor flat = destination.view({-1});
  const std::span<const std::byte> all = bytes(tensor);
  const size_t element_bytes = c10::elementSize(dtype);
  FiniteReport report;
  std::vector<std::byte> aligned_copy;
  for (size_t begin = 0; begin < all.size(); begin += kPieceBytes) {
    const std::span<const std::byte> piece =
        all.subspan(begin, std::min(kPieceBytes, all.size() - begin));
    advise(
        all.subspan(begin + piece.size(), std::min(kPieceBytes, all.size() - begin - piece.size())),
        MADV_WILLNEED);
    const auto first = static_cast<int64_t>(begin / element_bytes);
    const auto elements = static_cast<int64_t>(piece.size() / element_bytes);
    if (finite == FiniteCheck::kRefuse)
      report.add(find_non_finite(piece, tensor.dtype), static_cast<uint64_t>(first));
    flat.narrow(0, first, elements).copy_(piece_tensor(piece, dtype, elements, aligned_copy));
    advise(piece, MADV_DONTNEED);
  }
  report.throw_if_any(path(), tensor);
}

void SafetensorsFile::require_finite(const TensorInfo& tensor) const {
  FiniteReport report;
  report.add(find_non_finite(bytes(tensor), tensor.dtype), 0);
  report.throw_if_any(path(), tensor);
}

void SafetensorsFile::release(std::span<const std::byte> bytes) const {
  advise(bytes, MADV_DONTNEED);
}

}  // namespace lapidary::checkpoint
