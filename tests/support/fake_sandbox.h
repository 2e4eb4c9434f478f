// A sandbox that runs nothing: answers from a list, at once and on the caller's thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sandbox/sandbox.h"

namespace lapidary::test {

class FakeSandbox final : public sandbox::Sandbox {
 public:
  using Answer = std::function<sandbox::ToolResult(const std::string& code)>;
  explicit FakeSandbox(Answer answer) : answer_(std::move(answer)) {}

  using Sandbox::submit;
  void submit(std::string code, Callback done) override {
    programs_.push_back(code);
    done(answer_(programs_.back()));
  }
  const sandbox::SandboxLimits& limits() const override { return limits_; }

  const std::vector<std::string>& programs() const { return programs_; }

 private:
  Answer answer_;
  sandbox::SandboxLimits limits_;
  std::vector<std::string> programs_;
};

}  // namespace lapidary::test
