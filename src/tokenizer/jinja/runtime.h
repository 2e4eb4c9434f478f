// What one rendering may use and has used: steps, memory, depth. Every value, builder and call of a
// rendering goes through its Runtime, so that a hostile template ends as an error of kind kType and
// not as a hang, an exhausted machine or an overrun stack.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace lapidary::tokenizer::jinja {

// A point in time whose fields are read as local wall-clock time; no zone is attached.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
WallTime wall_time_now();

struct Limits {
  int64_t steps = 100'000'000;  // nodes evaluated, items visited, 64-byte pieces of text made
  size_t live_bytes = size_t{256} << 20;  // texts and containers alive at one time
  int call_depth = 198;                   // macros in macros: as many as CPython allows
  size_t stack_bytes = size_t{3} << 20;   // of the calling thread's stack
};

class Runtime;

// A share of a runtime's memory, given back with the object. Default-made it accounts for nothing.
class Charge {
 public:
  Charge() = default;
  Charge(Runtime& run, size_t bytes);
  Charge(Charge&& other) noexcept
      : run_(std::exchange(other.run_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Charge& operator=(Charge&& other) noexcept;
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;
  ~Charge() { release(); }

  void grow(size_t more);
  size_t bytes() const { return bytes_; }

 private:
  void release() noexcept;
  Runtime* run_ = nullptr;
  size_t bytes_ = 0;
};

// What can hold itself, and so is not freed by counting references.
class Clearable {
 public:
  virtual ~Clearable() = default;
  virtual void clear() noexcept = 0;  // lets go of all values
};

// Must outlive every value made with it. One thread.
class Runtime {
 public:
  Runtime(const Limits& limits, WallTime now);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  void step(int64_t count = 1) {
    steps_left_ -= count;
    if (steps_left_ < 0) out_of_steps();
  }
  // For work on `bytes` bytes of text.
  void step_bytes(size_t bytes) { step(static_cast<int64_t>(bytes / 64) + 1); }
  // Throws when this many more bytes would not fit; takes nothing.
  void check_room(size_t bytes) const;
  // Throws when the stack below the caller is used up; at the top of every recursive function.
  void check_stack() const;

  WallTime now() const { return now_; }

  // {% autoescape true %} is in force: what is printed and joined is escaped unless it is markup.
  bool escapes = false;

  // Keeps `object` to the end of the rendering, then clears it.
  void keep(std::shared_ptr<Clearable> object) { kept_.push_back(std::move(object)); }

  class CallDepth {  // one more call for as long as it lives
   public:
    explicit CallDepth(Runtime& run);
    ~CallDepth() { --run_.call_depth_; }
    CallDepth(const CallDepth&) = delete;
    CallDepth& operator=(const CallDepth&) = delete;

   private:
    Runtime& run_;
  };

 private:
  friend class Charge;
  [[noreturn]] void out_of_steps() const;
  Limits limits_;
  WallTime now_;
  int64_t steps_left_;
  size_t live_bytes_ = 0;
  int call_depth_ = 0;
  uintptr_t stack_top_;
  std::vector<std::shared_ptr<Clearable>> kept_;
};

}  // namespace lapidary::tokenizer::jinja
