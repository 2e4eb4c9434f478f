// What the renderer's parts put in force for a while.
#pragma once

#include "tokenizer/jinja/renderer.h"

namespace lapidary::tokenizer::jinja {

class Renderer::Call {
 public:
  Call(Renderer& renderer, const FunctionInfo& info, Activation* parent, Context* context)
      : renderer_(renderer),
        activation_(std::make_shared<Activation>(renderer.run_, info, parent, context)),
        outer_(std::exchange(renderer.here_, activation_.get())) {}
  ~Call() {
    renderer_.here_ = outer_;
    if (activation_->is_captured) renderer_.run_.keep(std::move(activation_));
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  Activation& activation() { return *activation_; }

 private:
  Renderer& renderer_;
  std::shared_ptr<Activation> activation_;
  Activation* outer_;
};

class Renderer::Capture {
 public:
  explicit Capture(Renderer& renderer)
      : renderer_(renderer), text_(renderer.run_), outer_(std::exchange(renderer.out_, &text_)) {}
  ~Capture() { renderer_.out_ = outer_; }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  std::string take() { return text_.take(); }

 private:
  Renderer& renderer_;
  TextBuilder text_;
  TextBuilder* outer_;
};

// A variable with another value for as long as this lives.
template <typename T>
class Override {
 public:
  Override(T& variable, T value) : variable_(variable), outer_(std::exchange(variable, value)) {}
  ~Override() { variable_ = outer_; }
  Override(const Override&) = delete;
  Override& operator=(const Override&) = delete;

 private:
  T& variable_;
  T outer_;
};

}  // namespace lapidary::tokenizer::jinja
