#include "rollout/page_pool.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/check.h"

namespace lapidary::rollout {

PagePool::PagePool(Dim num_pages)
    : references_(static_cast<size_t>(num_pages), 0), free_(static_cast<size_t>(num_pages)) {
  std::iota(free_.begin(), free_.end(), Dim{0});  // ascending order is a heap
}

Dim PagePool::acquire() {
  LAPIDARY_CHECK(!free_.empty(), "all ", num_pages(), " pages are in use");
  std::pop_heap(free_.begin(), free_.end(), std::greater<>());
  const Dim page = free_.back();
  free_.pop_back();
  references_[static_cast<size_t>(page)] = 1;
  return page;
}

void PagePool::share(Dim page) {
  Dim& references = references_[static_cast<size_t>(page)];
  LAPIDARY_CHECK(references > 0, "page ", page, " is free");
  ++references;
}

void PagePool::release(Dim page) {
  Dim& references = references_[static_cast<size_t>(page)];
  LAPIDARY_CHECK(references > 0, "page ", page, " is free");
  if (--references == 0) {
    free_.push_back(page);
    std::push_heap(free_.begin(), free_.end(), std::greater<>());
  }
}

void PagePool::check_integrity() const {
  std::vector<bool> is_free(references_.size(), false);
  for (const Dim page : free_) {
    LAPIDARY_CHECK(page >= 0 && page < num_pages(), "page ", page, " of ", num_pages());
    LAPIDARY_CHECK(!is_free[static_cast<size_t>(page)], "page ", page, " is free twice");
    is_free[static_cast<size_t>(page)] = true;
  }
  for (size_t page = 0; page < references_.size(); ++page) {
    LAPIDARY_CHECK((references_[page] == 0) == is_free[page], "page ", page, " has ",
                   references_[page], " references", is_free[page] ? " and is free" : "");
  }
}

}  // namespace lapidary::rollout
