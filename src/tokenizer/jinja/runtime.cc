#include "tokenizer/jinja/runtime.h"

#include <ctime>

#include "tokenizer/jinja/failure.h"

namespace lapidary::tokenizer::jinja {
namespace {

// Not the address of a local: sanitizers may move locals off the stack.
uintptr_t stack_position() {
  return reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
}

}  // namespace

WallTime wall_time_now() {
  using std::chrono::duration_cast;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto micros = duration_cast<std::chrono::microseconds>(now);
  const std::time_t seconds = duration_cast<std::chrono::seconds>(now).count();
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return WallTime(micros + std::chrono::seconds(local.tm_gmtoff));
}

Charge::Charge(Runtime& run, size_t bytes) : run_(&run) {
  grow(bytes);
}

Charge& Charge::operator=(Charge&& other) noexcept {
  release();
  run_ = std::exchange(other.run_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

void Charge::grow(size_t more) {
  run_->check_room(more);
  run_->live_bytes_ += more;
  bytes_ += more;
}

void Charge::release() noexcept {
  if (run_ != nullptr) run_->live_bytes_ -= bytes_;
  run_ = nullptr;
  bytes_ = 0;
}

Runtime::Runtime(const Limits& limits, WallTime now)
    : limits_(limits), now_(now), steps_left_(limits.steps), stack_top_(stack_position()) {}

Runtime::~Runtime() {
  for (const auto& object : kept_) object->clear();
  kept_.clear();  // while charges can still be given back
}

void Runtime::check_room(size_t bytes) const {
  if (bytes > limits_.live_bytes || live_bytes_ > limits_.live_bytes - bytes) {
    fail_type("the rendering needs more than ", bytes_text(static_cast<double>(limits_.live_bytes)),
              " of memory");
  }
}

void Runtime::check_stack() const {
  const uintptr_t here = stack_position();
  const uintptr_t used = here < stack_top_ ? stack_top_ - here : here - stack_top_;
  if (used > limits_.stack_bytes) {
    fail_type("maximum recursion depth exceeded: calls and expressions are nested too deep");
  }
}

void Runtime::out_of_steps() const {
  fail_type("the rendering takes more than ", limits_.steps, " steps");
}

Runtime::CallDepth::CallDepth(Runtime& run) : run_(run) {
  if (run.call_depth_ >= run.limits_.call_depth) {
    fail_type("maximum recursion depth exceeded: more than ", run.limits_.call_depth,
              " calls are nested");
  }
  ++run.call_depth_;
}

}  // namespace lapidary::tokenizer::jinja
