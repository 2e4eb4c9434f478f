#include "sandbox/hostile_programs.h"

namespace lapidary::sandbox {

std::vector<HostileProgram> programs_that_use_up() {
  using enum ToolStatus;
  return {
      {"zombies",
       R"(
import os
count = 0
try:
    while True:
        if os.fork() == 0:
            os._exit(0)
        count += 1
except OSError as error:
    print("refused", error.errno, count)
)",
       {kOk, kProcesses}},
      {"memory bomb", "x = []\nwhile True:\n    x.append(bytearray(10**7))\n", {kMemory}},
      {"memory of many processes",
       R"(
import os, time
for i in range(8):
    if os.fork() == 0:
        held = bytearray(60 << 20)
        for at in range(0, len(held), 4096):
            held[at] = 1
        time.sleep(60)
time.sleep(60)
)",
       {kMemory}},
      {"one huge mapping", "import mmap\nmmap.mmap(-1, 1 << 42)\n", {kError, kMemory}},
      {"endless output", "while True:\n    print('x' * 1000)\n", {kFlood}},
      {"endless error output",
       "import sys\nwhile True:\n    sys.stderr.write('y' * 1000)\n",
       {kFlood}},
      {"deep recursion", "def f():\n    f()\nf()\n", {kError}, "RecursionError"},
      {"deep nesting of source", "eval('(' * 100000 + ')' * 100000)", {kError, kMemory, kKilled}},
      {"huge file",
       R"(
with open('big', 'wb', buffering=0) as file:
    while True:
        file.write(b'x' * (1 << 20))
)",
       {kError},
       "File too large"},
      {"huge sparse file", "open('big', 'wb').truncate(1 << 40)", {kError}, "File too large"},
      {"full scratch folder",
       R"(
for i in range(100):
    open(f'f{i}', 'wb').write(b'x' * (4 << 20))
)",
       {kError},
       "No space left"},
      {"many files",
       R"(
i = 0
while True:
    open(f'f{i}', 'w').close()
    i += 1
)",
       {kFiles}},
      {"many descriptors",
       "x = []\nwhile True:\n    x.append(open('/dev/null'))\n",
       {kError},
       "Too many open files"},
      {"pipes full of data",
       R"(
import os, fcntl
held = []
while True:
    r, w = os.pipe()
    held.append((r, w))
    os.set_blocking(w, False)
    try:
        fcntl.fcntl(w, 1031, 1 << 20)
    except OSError:
        pass
    try:
        while True:
            os.write(w, b'x' * 65536)
    except BlockingIOError:
        pass
)",
       {kError},
       "Too many open files"},
  };
}

}  // namespace lapidary::sandbox
