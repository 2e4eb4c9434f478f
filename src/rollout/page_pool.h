// Which pages of the KV cache are free and how many sequences use each of the others. Numbers only;
// the storage is kv_cache.h's.
#pragma once

#include <cstddef>
#include <vector>

#include "base/dim.h"

namespace lapidary::rollout {

class PagePool {
 public:
  explicit PagePool(Dim num_pages);

  Dim num_pages() const { return static_cast<Dim>(references_.size()); }
  Dim num_free() const { return static_cast<Dim>(free_.size()); }
  Dim references(Dim page) const { return references_[static_cast<size_t>(page)]; }

  // A page with one reference, the lowest number first. There must be a free one: whoever admits a
  // sequence makes sure of its pages.
  Dim acquire();
  void share(Dim page);    // one more reference to a page in use
  void release(Dim page);  // one less; the last frees the page

  // Throws Error{kInternal} when the free list and the counts contradict each other.
  void check_integrity() const;

 private:
  std::vector<Dim> references_;  // [num_pages]
  std::vector<Dim> free_;        // a heap, the lowest number on top
};

}  // namespace lapidary::rollout
