// A text in the making whose size the rendering's limits bound while it grows.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "tokenizer/jinja/runtime.h"

namespace lapidary::tokenizer::jinja {

class TextBuilder {
 public:
  explicit TextBuilder(Runtime& run) : run_(run), charge_(run, 0) {}

  void append(std::string_view piece) {
    make_room(piece.size());
    text_.append(piece);
  }
  void append(char c) {
    make_room(1);
    text_ += c;
  }
  void append(size_t count, std::string_view piece) {
    if (piece.empty()) return;
    make_room_for(count, piece.size());
    for (size_t i = 0; i < count; ++i) text_.append(piece);
  }

  const std::string& text() const { return text_; }
  size_t size() const { return text_.size(); }
  // The text; the builder is empty afterwards.
  std::string take() {
    charge_ = Charge(run_, 0);
    return std::exchange(text_, std::string());
  }

 private:
  void make_room(size_t more) {
    run_.check_room(more);
    const size_t needed = text_.size() + more;
    if (needed > charge_.bytes())
      charge_.grow(std::max(needed, 2 * charge_.bytes()) - charge_.bytes());
    run_.step_bytes(more);
  }
  void make_room_for(size_t count, size_t each) {
    if (count > static_cast<size_t>(-1) / each) run_.check_room(static_cast<size_t>(-1));
    make_room(count * each);
  }

  Runtime& run_;
  std::string text_;
  Charge charge_;
};

}  // namespace lapidary::tokenizer::jinja
