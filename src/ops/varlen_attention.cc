#include "ops/varlen_attention.h"

#include <ATen/ops/_efficient_attention_backward.h>
#include <ATen/ops/_efficient_attention_forward.h>
#include <ATen/ops/_flash_attention_forward.h>

#include <algorithm>
#include <optional>

#include "ops/custom_grad.h"

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

constexpr int64_t kCausalFromBottomRight = 2;

std::optional<int64_t> window_argument(Dim window) {
  return window == 0 ? std::optional<int64_t>() : std::optional<int64_t>(window);
}

std::pair<Tensors, Tensors> efficient_forward(const Tensors& in, const PackedRows& rows,
                                              Dim window) {
  const auto out = at::_efficient_attention_forward(
      in[0], in[1], in[2], /*bias=*/std::nullopt, rows.device_query_starts, rows.device_key_starts,
      longest(rows.query_starts), longest(rows.key_starts), kNoDropout, kCausalFromBottomRight,
      /*compute_log_sumexp=*/true, kScale, /*seqlen_k=*/std::nullopt, window_argument(window));
  const at::Tensor& attended = std::get<0>(out);
  return {Tensors{attended}, Tensors{in[0], in[1], in[2], attended, std::get<1>(out),
                                     std::get<2>(out), std::get<3>(out)}};
}

Tensors efficient_backward(const Tensors& kept, const at::Tensor& grad, const PackedRows& rows,
                           Dim window) {
  const auto out = at::_efficient_attention_backward(
      grad, kept[0], kept[1], kept[2], /*bias=*/std::nullopt, kept[3], rows.device_query_starts,
      rows.device_key_starts, longest(rows.query_starts), longest(rows.key_starts), kept[4],
      kNoDropout, kept[5], kept[6], kCausalFromBottomRight, /*bias_requires_grad=*/false, kScale,
      /*num_splits_key=*/std::nullopt, window_argument(window));
  return {std::get<0>(out), std::get<1>(out), std::get<2>(out)};
}

// The memory-efficient kernel: any head_dim, fp32 too. It wants as many key heads as query heads.
// ATen's own derivative of it forgets the window.
at::Tensor efficient(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                     const PackedRows& rows, Dim window) {
  const Dim group = query.size(1) / key.size(1);
  const auto batched = [&](const at::Tensor& heads) {
    return heads.repeat_interleave(group, 1).unsqueeze(0);
  };
  return apply_custom_grad(
             {.forward =
                  [rows, window](const Tensors& in) { return efficient_forward(in, rows, window); },
              .backward =
                  [rows, window](const Tensors& kept, const Tensors& grads) {
                    return efficient_backward(kept, grads[0], rows, window);
                  }},
             {query.unsqueeze(0), batched(key), batched(value)})[0]
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
