#include "sandbox/hostile_programs.h"

namespace lapidary::sandbox {

std::vector<HostileProgram> programs_that_never_end() {
  using enum ToolStatus;
  return {
      {"fork bomb",
       R"(
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
)",
       {kTimeout, kProcesses, kMemory}},
      {"thread bomb",
       R"(
import threading, time
while True:
    threading.Thread(target=time.sleep, args=(1000,)).start()
)",
       {kError, kTimeout, kMemory}},
      {"memory bomb that catches",
       R"(
x = []
while True:
    try:
        x.append(bytearray(10**6))
    except MemoryError:
        pass
)",
       {kTimeout, kMemory}},
      {"huge integer", "print(len(str(10 ** (10 ** 9))))", {kTimeout, kMemory, kError}},
      {"endless loop", "while True:\n    pass\n", {kTimeout}},
      {"sleep", "import time\ntime.sleep(100000)\n", {kTimeout}},
      {"catastrophic regular expression",
       "import re\nre.match(r'(a+)+$', 'a' * 60 + 'b')\n",
       {kTimeout}},
      {"deep recursion without limit",
       "import sys\nsys.setrecursionlimit(10**9)\ndef f():\n    f()\nf()\n",
       {kKilled, kMemory, kError, kTimeout}},
      {"end that never comes",
       "import atexit\n@atexit.register\ndef f():\n    while True:\n        pass\n",
       {kTimeout}},
      {"thread that never ends",
       "import threading, time\nthreading.Thread(target=lambda: time.sleep(1000)).start()\n",
       {kTimeout}},
      {"open of a pipe that nobody writes",
       "import os\nos.mkfifo('p')\nopen('p').read()\n",
       {kTimeout}},
      {"signals ignored",
       R"(
import signal
for number in range(1, 64):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
)",
       {kTimeout}},
      {"stopped by itself",
       "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n",
       {kTimeout}},
      {"everything closed",
       "import os\nos.closerange(0, 1024)\nwhile True:\n    pass\n",
       {kTimeout}},
  };
}

}  // namespace lapidary::sandbox
