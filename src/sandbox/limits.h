// What one call of the sandbox may use. Every limit is hard: reaching it ends the program or the
// operation, and the result says which it was.
#pragma once

#include <cstdint>

namespace lapidary::sandbox {

struct SandboxLimits {
  int64_t wall_ms = 30'000;  // from the moment the program is handed over to its end
  int64_t cpu_ms = 30'000;   // of each process, rounded up to whole seconds (RLIMIT_CPU)
  // Address space of each process (RLIMIT_AS, the interpreter's own 60 to 300 MiB included) and
  // the resident memory of all processes of a call together.
  int64_t memory_bytes = int64_t{2} << 30;
  int64_t processes = 32;  // processes and threads at one time, the program itself included
  int64_t open_files = 128;
  int64_t output_bytes = int64_t{64}
                         << 10;  // kept of each of stdout and stderr; the rest is dropped
  int64_t flood_bytes = int64_t{64} << 20;  // written to both: more than this ends the program
  int64_t file_bytes = int64_t{64} << 20;   // size of one file (RLIMIT_FSIZE)
  int64_t scratch_files = 10'000;           // files and folders in the scratch folder
  int64_t code_bytes = int64_t{1} << 20;    // of the program's text
};

}  // namespace lapidary::sandbox
