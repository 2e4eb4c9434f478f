// Working memory of a kernel call: one block a thread that grows to the largest need and is kept,
// since a fresh block of pages would cost more than many calls take.
#pragma once

#include <cstddef>
#include <memory>

#include "base/dim.h"

namespace lapidary::kernels {

// Slots that one thread may hold at the same time; a nested call uses another slot.
enum class ScratchSlot { kPanel, kPartial, kRows, kScores, kKeys, kOutput, kShared, kNumSlots };

// At least `count` floats, aligned to 64 bytes, contents undefined; valid until this thread asks
// for the same slot again.
float* scratch(ScratchSlot slot, Dim count);

}  // namespace lapidary::kernels
