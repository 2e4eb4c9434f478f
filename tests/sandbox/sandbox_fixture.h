// A sandbox for a whole test suite, or the reason why this machine cannot have one.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/error.h"
#include "sandbox/sandbox.h"

namespace lapidary::sandbox {

// Small limits, so that programs that run into them do it soon. Nothing preloaded: starts quickly.
inline SandboxOptions small_options() {
  SandboxOptions options;
  options.concurrency = 2;
  options.preload.clear();
  options.limits.wall_ms = 1'500;
  options.limits.cpu_ms = 2'000;
  options.limits.memory_bytes = int64_t{256} << 20;
  options.limits.processes = 16;
  options.limits.output_bytes = 16 << 10;
  options.limits.flood_bytes = 4 << 20;
  options.limits.file_bytes = 8 << 20;
  options.limits.scratch_files = 500;
  options.scratch_bytes = 32 << 20;
  return options;
}

struct SandboxOrReason {
  std::unique_ptr<PythonSandbox> sandbox;
  std::string reason;
};

// A machine without bubblewrap or user namespaces skips; any other error fails the test.
inline SandboxOrReason try_create(const SandboxOptions& options) {
  try {
    return {PythonSandbox::create(options), ""};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNotFound && error.kind() != ErrorKind::kUnsupported) throw;
    return {nullptr, error.what()};
  }
}

}  // namespace lapidary::sandbox

#define CREATE_SANDBOX_OR_SKIP(name, options)                             \
  auto name##_or_reason = ::lapidary::sandbox::try_create(options);       \
  if (!name##_or_reason.sandbox) GTEST_SKIP() << name##_or_reason.reason; \
  ::lapidary::sandbox::PythonSandbox& name = *name##_or_reason.sandbox
