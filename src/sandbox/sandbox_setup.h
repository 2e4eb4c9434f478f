// From options to a blueprint of slots: everything that can be known to be wrong before one starts.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/cgroup.h"
#include "sandbox/sandbox.h"
#include "sandbox/slot.h"

namespace lapidary::sandbox {

struct SandboxSetup {
  SlotBlueprint blueprint;
  std::optional<CgroupFolder> cgroup;
};

// Checks the limits, finds Python and bubblewrap, asks Python for its folders. Throws as
// PythonSandbox::create says.
SandboxSetup prepare(const SandboxOptions& options);

// Throws `error` again; what bubblewrap refused becomes Error{kUnsupported} with the remedy.
[[noreturn]] void rethrow_with_remedy(std::exception_ptr error);

// `preloaded`: what could be imported. A warning is logged for what is installed and could not.
std::string describe_setup(const SandboxOptions& options, const SandboxSetup& setup,
                           const std::vector<std::string>& preloaded);

}  // namespace lapidary::sandbox
