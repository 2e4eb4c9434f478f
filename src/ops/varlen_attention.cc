#include "ops/varlen_attention.h"

#include <ATen/ops/_efficient_attention_forward.h>
#include <ATen/ops/_flash_attention_forward.h>

#include <algorithm>
#include <optional>

namespace lapidary::ops {

namespace {

constexpr Dim kMaxFlashHeadDim = 256;
constexpr Dim kAlignmentBytes = 16;  // of a head's row
constexpr double kScale = 1.0;
constexpr double kNoDropout = 0.0;

Dim longest(const std::vector<Dim>& starts) {
  Dim out = 0;
  for (size_t i = 0; i + 1 < starts.size(); ++i) out = std::max(out, starts[i + 1] - starts[i]);
  return out;
}

bool is_half(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kBFloat16 || tensor.scalar_type() == at::kHalf;
}

// FlashAttention 2: grouped heads as they are; the window counts keys to the left of the query.
at::Tensor flash(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                 const PackedRows& rows, Dim window) {
  const auto left = window == 0 ? std::optional<c10::SymInt>() : c10::SymInt(window - 1);
  const auto right = window == 0 ? std::optional<c10::SymInt>() : c10::SymInt(0);
  return std::get<0>(at::_flash_attention_forward_symint(
      query, key, value, rows.device_query_starts, rows.device_key_starts,
      longest(rows.query_starts), longest(rows.key_starts), kNoDropout, /*is_causal=*/true,
      /*return_debug_mask=*/false, kScale, left, right));
}

// The memory-efficient kernel: any head_dim, fp32 too. It wants as many key heads as query heads.
at::Tensor efficient(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                     const PackedRows& rows, Dim window) {
  constexpr int64_t kCausalFromBottomRight = 2;
  const Dim group = query.size(1) / key.size(1);
  const auto batched = [&](const at::Tensor& heads) {
    return heads.repeat_interleave(group, 1).unsqueeze(0);
  };
  return std::get<0>(at::_efficient_attention_forward(
                         query.unsqueeze(0), batched(key), batched(value), /*bias=*/std::nullopt,
                         rows.device_query_starts, rows.device_key_starts,
                         longest(rows.query_starts), longest(rows.key_starts), kNoDropout,
                         kCausalFromBottomRight, /*compute_log_sumexp=*/true, kScale,
                         /*seqlen_k=*/std::nullopt,
                         window == 0 ? std::optional<int64_t>() : std::optional<int64_t>(window)))
      .squeeze(0);
}

}  // namespace

bool can_use_varlen_attention(const at::Tensor& query, const at::Tensor& key) {
  const Dim row_bytes = query.size(2) * static_cast<Dim>(query.element_size());
  return query.is_cuda() && query.size(0) > 0 && key.size(0) > 0 &&
         row_bytes % kAlignmentBytes == 0 && (is_half(query) || query.scalar_type() == at::kFloat);
}

at::Tensor varlen_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                            const PackedRows& rows, Dim window) {
  const PackedRows placed =
      rows.device_query_starts.defined() ? rows : rows.on_device(query.device());
  if (is_half(query) && query.size(2) <= kMaxFlashHeadDim)
    return flash(query, key, value, placed, window);
  return efficient(query, key, value, placed, window);
}

}  // namespace lapidary::ops
