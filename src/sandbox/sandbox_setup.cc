#include "sandbox/sandbox_setup.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"

namespace lapidary::sandbox {
namespace {

constexpr int64_t kMinMemoryBytes = int64_t{128} << 20;
constexpr int kMaxConcurrency = 1024;
// What a slot's control group gets beyond one call's memory: the warm interpreter itself.
constexpr int64_t kInterpreterBytes = int64_t{512} << 20;

constexpr const char* kUnsafeChoice =
    "; or choose '--sandbox unsafe-subprocess', which limits programs but does not isolate them";

void check_options(const SandboxOptions& options) {
  const SandboxLimits& limits = options.limits;
  const std::array<std::pair<const char*, int64_t>, 11> positive = {{
      {"wall_ms", limits.wall_ms},
      {"cpu_ms", limits.cpu_ms},
      {"processes", limits.processes},
      {"open_files", limits.open_files},
      {"output_bytes", limits.output_bytes},
      {"flood_bytes", limits.flood_bytes},
      {"file_bytes", limits.file_bytes},
      {"scratch_files", limits.scratch_files},
      {"code_bytes", limits.code_bytes},
      {"scratch_bytes", options.scratch_bytes},
      {"concurrency", options.concurrency},
  }};
  for (const auto& [name, value] : positive) {
    if (value < 1) {
      fail(ErrorKind::kInvalidArgument, "the Python sandbox: ", name, " is ", value,
           "; at least 1 is allowed");
    }
  }
  if (options.concurrency > kMaxConcurrency) {
    fail(ErrorKind::kInvalidArgument, "the Python sandbox: concurrency is ", options.concurrency,
         "; at most ", kMaxConcurrency, " is allowed");
  }
  if (limits.memory_bytes < kMinMemoryBytes) {
    fail(ErrorKind::kInvalidArgument, "the Python sandbox: memory_bytes is ",
         bytes_text(static_cast<double>(limits.memory_bytes)), "; an interpreter needs at least ",
         bytes_text(static_cast<double>(kMinMemoryBytes)));
  }
}

}  // namespace

SandboxKind parse_sandbox_kind(const std::string& text) {
  if (text == "bubblewrap") return SandboxKind::kBubblewrap;
  if (text == "unsafe-subprocess") return SandboxKind::kUnsafeSubprocess;
  fail(ErrorKind::kInvalidArgument, "--sandbox: found ", quoted(text),
       "; allowed are bubblewrap and unsafe-subprocess");
}

SandboxSetup prepare(const SandboxOptions& options) {
  check_options(options);
  const bool is_unsafe = options.kind == SandboxKind::kUnsafeSubprocess;
  SandboxSetup setup{{}, is_unsafe ? std::nullopt : CgroupFolder::find()};
  SlotBlueprint& blueprint = setup.blueprint;
  blueprint.is_unsafe = is_unsafe;
  if (!blueprint.is_unsafe) {
    blueprint.bubblewrap.program = find_program(options.bubblewrap);
    if (blueprint.bubblewrap.program.empty()) {
      fail(ErrorKind::kNotFound, "the Python sandbox isolates programs with bubblewrap: '",
           options.bubblewrap, "' is not there; install it (apt-get install bubblewrap)",
           kUnsafeChoice);
    }
  }
  blueprint.python = inspect_python(options.python, options.preload);
  if (!is_unsafe) blueprint.bubblewrap.root = lay_out_root(blueprint.python);
  blueprint.bubblewrap.scratch_bytes = options.scratch_bytes;
  blueprint.bubblewrap.drops_root = !blueprint.is_unsafe && geteuid() == 0;
  blueprint.preload = blueprint.python.installed;
  blueprint.random_seed = options.random_seed;
  blueprint.cgroup_limits.memory_bytes =
      options.limits.memory_bytes + options.scratch_bytes + kInterpreterBytes;
  blueprint.cgroup_limits.processes = options.limits.processes + 8;
  return setup;
}

void rethrow_with_remedy(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& found) {
    const std::string words = found.what();
    if (words.find("bwrap: ") == std::string::npos) throw;
    fail(ErrorKind::kUnsupported, words, "; ", namespace_remedy(words), kUnsafeChoice);
  }
}

std::string describe_setup(const SandboxOptions& options, const SandboxSetup& setup,
                           const std::vector<std::string>& preloaded) {
  const SlotBlueprint& blueprint = setup.blueprint;
  for (const std::string& name : blueprint.preload) {
    if (std::find(preloaded.begin(), preloaded.end(), name) == preloaded.end()) {
      log_warning(cat("Python's ", name, " is installed but cannot be imported in the sandbox"));
    }
  }
  std::string out = blueprint.is_unsafe ? "unsafe subprocess (no isolation)" : "bubblewrap";
  if (blueprint.bubblewrap.drops_root) out += " as an ordinary user";
  if (setup.cgroup) out += " in a control group";
  out += cat(", Python ", blueprint.python.version);
  if (!preloaded.empty()) out += cat(" with ", join(preloaded));
  return out + cat("; ", options.concurrency, " at one time");
}

}  // namespace lapidary::sandbox
