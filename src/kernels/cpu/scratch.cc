#include "kernels/cpu/scratch.h"

#include <array>
#include <cstdlib>
#include <new>

namespace lapidary::kernels {
namespace {

constexpr size_t kAlignment = 64;

struct Block {
  std::unique_ptr<float, decltype(&std::free)> memory{nullptr, &std::free};
  Dim capacity = 0;
};

}  // namespace

float* scratch(ScratchSlot slot, Dim count) {
  thread_local std::array<Block, static_cast<size_t>(ScratchSlot::kNumSlots)> blocks;
  Block& block = blocks[static_cast<size_t>(slot)];
  if (count > block.capacity || block.memory == nullptr) {
    const size_t bytes = (static_cast<size_t>(count) * sizeof(float) / kAlignment + 1) * kAlignment;
    block.memory.reset();
    block.memory.reset(static_cast<float*>(std::aligned_alloc(kAlignment, bytes)));
    block.capacity = block.memory ? count : 0;
    if (!block.memory) throw std::bad_alloc();
  }
  return block.memory.get();
}

}  // namespace lapidary::kernels
