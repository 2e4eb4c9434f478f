#include "sandbox/hostile_programs.h"

namespace lapidary::sandbox {

std::vector<HostileProgram> programs_that_stay() {
  using enum ToolStatus;
  return {
      {"background child that holds the output",
       "import os, time\nif os.fork() == 0:\n    time.sleep(1000)\nprint('parent')\n",
       {kOk},
       "parent"},
      {"daemon",
       R"(
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for descriptor in range(3):
            os.close(descriptor)
        while True:
            time.sleep(0.01)
            open('/tmp/alive', 'w').close()
    os._exit(0)
print('left')
)",
       {kOk},
       "left"},
      {"daemons without number",
       R"(
import os
for i in range(30):
    try:
        if os.fork() == 0:
            os.setsid()
            while True:
                pass
    except OSError:
        pass
os._exit(0)
)",
       {kOk, kProcesses}},
      {"deep folders",
       R"(
import os
for i in range(400):
    os.mkdir('d')
    os.chdir('d')
os.chmod('/tmp/d', 0)
)",
       {kOk}},
      {"locked folder",
       R"(
import os
os.mkdir('a')
open('a/file', 'w').write('stays')
os.chmod('a', 0)
os.chmod('/tmp', 0)
)",
       {kOk}},
      {"links in circles",
       "import os\nos.symlink('/tmp', 'l')\nos.symlink('l2', 'l2')\nos.mkdir('d')\n"
       "os.symlink('../..', 'd/up')\nos.symlink('/dev/null', 'null')\n",
       {kOk}},
      {"odd names",
       "import os\nopen(b'\\xff\\xfe', 'w').close()\nopen('a\\nb', 'w').close()\n"
       "os.mkdir('\\x010')\nopen('-rf', 'w').close()\n",
       {kOk}},
      {"note in the folder's time", "import os\nos.utime('/tmp', (123456789, 123456789))\n", {kOk}},
      {"System V shared memory",
       "import ctypes\nprint(ctypes.CDLL(None).shmget(4711, 4096, 0o1666))\n",
       {kOk},
       "-1"},
      {"message queue",
       "import ctypes\nprint(ctypes.CDLL(None).syscall(240, b'q', 0o102, 0o600, None))\n",
       {kOk},
       "-1"},
      {"memory file", "import os\nos.memfd_create('x')\n", {kError}, "PermissionError"},
      {"extended attribute", "import os\nos.setxattr('/tmp', 'user.x', b'note')\n", {kError}},
  };
}

std::vector<HostileProgram> programs_that_lie() {
  using enum ToolStatus;
  return {
      {"report on every descriptor",
       R"(
import os
written = 0
for descriptor in range(3, 4096):
    try:
        os.write(descriptor, b'{"exit_code": 0, "signal": 0, "cpu_us": 0, "peak_kib": 0}')
        written += 1
    except OSError:
        pass
print('written', written)
os._exit(5)
)",
       {kError},
       "written 0"},
      {"report through sockets found in memory",
       R"(
import gc, socket, sys
for thing in gc.get_objects():
    if isinstance(thing, socket.socket):
        try:
            thing.send(b'{"exit_code": 0, "signal": 0, "cpu_us": 0, "peak_kib": 0}')
            print('sent')
        except OSError:
            pass
frame = sys._getframe()
while frame.f_back:
    frame = frame.f_back
frame.f_globals['attend'] = None
print('tried')
sys.exit(5)
)",
       {kError},
       "tried"},
      {"interpreter's loop entered again",
       R"(
import os, sys
frame = sys._getframe()
while frame.f_back:
    frame = frame.f_back
os._exit = lambda code: None
frame.f_globals['main']()
)",
       {kError}},
      {"new descriptors in the place of the old",
       R"(
import os, socket
a, b = socket.socketpair()
for descriptor in (3, 4, 5, 6, 7):
    os.dup2(a.fileno(), descriptor)
os._exit(9)
)",
       {kError}},
      {"exit without cleaning up", "import os\nprint('lost', end='')\nos._exit(7)\n", {kError}},
      {"text as exit status", "import sys\nsys.exit('a reason')\n", {kError}, "a reason"},
      {"status out of range", "import sys\nsys.exit(256)\n", {kOk}},
      {"closed output", "import os\nos.close(1)\nos.close(2)\nprint('x')\n", {kError}},
      {"SIGKILL to itself", "import os\nos.kill(os.getpid(), 9)\n", {kKilled}},
      {"abort", "import os\nos.abort()\n", {kKilled}},
      {"invalid memory", "import ctypes\nctypes.string_at(0)\n", {kKilled}},
      {"output that is no text",
       "import sys\nsys.stdout.buffer.write(bytes(range(256)) * 4)\n",
       {kOk}},
      {"lone surrogate", "print('\\ud800')", {kError}, "UnicodeEncodeError"},
      {"zero bytes", std::string("print('a')\0print('b')", 21), {kError}},
      {"source that is no text", "print('\xff\xfe')", {kOk}},
      {"another program",
       R"(
import os, sys
os.execv(sys.executable, [sys.executable, '-c', 'import sys; print("other"); sys.exit(3)'])
)",
       {kError},
       "other"},
      {"exception that raises when shown",
       R"(
class E(Exception):
    def __str__(self):
        raise ValueError('no')
raise E()
)",
       {kError}},
      {"broken excepthook", "import sys\nsys.excepthook = None\n1/0\n", {kError}},
      {"claimed memory error", "raise MemoryError\n", {kMemory}},
  };
}

}  // namespace lapidary::sandbox
