"""The warm interpreter of one sandbox slot.

Started once; process 1 of its own pid namespace unless the sandbox is the unsafe one. It imports the heavy modules, then
keeps one child forked ahead. The child waits for a call, lets go of every descriptor but 0, 1 and 2, takes its limits and
runs the program. When it has ended, every process it left is killed, the scratch folder is emptied, the end is reported
and the next child is forked. The text and the output of a call never pass through this process, so that nothing of one
call is in the memory of the next.

Descriptor 3, control, host and this process: settings in, "ready" out; then the serial number of a child to kill in (from 0),
the report of each child's end out.
Descriptor 4, calls, host and child: limits and the descriptors of program, output and error output; "started" with its number.
"""
import atexit
import builtins
import gc
import importlib
import json
import linecache
import os
import resource
import select
import signal
import socket
import stat
import sys
import threading
import time
import traceback
import types

CONTROL, CALLS = 3, 4
PROGRAM = "code.py"
SWEEP_SECONDS = 5.0


def main():
    control = socket.socket(fileno=CONTROL)
    calls = socket.socket(fileno=CALLS)
    settings = json.loads(control.recv(1 << 20))
    prepare(settings)
    loaded = preload(settings["preload"])
    clear_folder(settings["scratch"])
    gc.collect()
    gc.freeze()
    gc.disable()
    control.send(json.dumps({"loaded": loaded}).encode())
    serial = 0
    while True:
        child = os.fork()
        if child == 0:
            try:
                serve(control, calls, settings)
            finally:
                os._exit(125)
        report = attend(child, serial, control, settings)
        serial += 1
        clean = clear_folder(settings["scratch"])
        control.send(json.dumps(report).encode())
        if not clean:
            os._exit(3)  # a fresh slot is cheaper than a scratch folder that will not empty


def prepare(settings):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)  # process 1 is deaf to what it has no handler for
    sys.path[:] = settings["python_path"]
    sys.dont_write_bytecode = True
    sys.stdout.reconfigure(encoding="utf-8", errors="strict", line_buffering=True)
    sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    os.umask(0o022)


def preload(names):
    loaded = []
    for name in names:
        try:
            importlib.import_module(name)
            loaded.append(name)
        except Exception:
            sys.modules.pop(name, None)  # a program that imports it sees the reason itself
    return loaded


# ---- watching a child ------------------------------------------------------------------------------------------------


def attend(child, serial, control, settings):
    """Waits until the child has ended or the host names its serial number; then nothing that it started is left."""
    end = {}
    pidfd = os.pidfd_open(child)
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    poller.register(control, select.POLLIN)
    while child not in end:
        for descriptor, _ in poller.poll(1000):
            if descriptor == control.fileno():
                order = control.recv(64)
                if not order:
                    os._exit(0)  # the host is gone
                if int(order) == serial:  # else it was meant for a child that ended meanwhile
                    sweep(settings, end)
        reap(end, os.WNOHANG)
    sweep(settings, end)
    os.close(pidfd)
    status, usage = end[child]
    return {
        "exit_code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "cpu_us": int((usage.ru_utime + usage.ru_stime) * 1e6),
        "peak_kib": usage.ru_maxrss,
    }


def reap(end, flags):
    """Collects what has died into `end`; False when no child is left."""
    while True:
        try:
            pid, status, usage = os.wait4(-1, flags)
        except ChildProcessError:
            return False
        if pid == 0:
            return True
        end[pid] = status, usage


def sweep(settings, end):
    if settings["namespace"]:
        if os.getpid() != 1:
            os._exit(4)  # kill(-1) outside a pid namespace would end every process of the user
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            pass
        reap(end, 0)
        return
    deadline = time.monotonic() + SWEEP_SECONDS
    while time.monotonic() < deadline:
        for pid in children_of_this_process():
            try:
                os.killpg(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        if not reap(end, os.WNOHANG):  # this process is a subreaper: orphans come here
            return
        time.sleep(0.001)


def children_of_this_process():
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []


def clear_folder(top):
    """Removes everything below `top` without recursion: nested folders are moved up first. False when it takes too long."""
    deadline = time.monotonic() + SWEEP_SECONDS
    serial = 0
    try:
        os.chmod(top, 0o755)
        pending = os.listdir(top)
        while pending:
            if time.monotonic() > deadline:
                return False
            path = os.path.join(top, pending.pop())
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                os.unlink(path)
                continue
            os.chmod(path, 0o700)
            for entry in list(os.scandir(path)):
                if entry.is_dir(follow_symlinks=False):
                    os.chmod(entry.path, 0o700)
                    name = f"\x01{serial}"
                    while os.path.lexists(os.path.join(top, name)):
                        serial += 1
                        name = f"\x01{serial}"
                    os.rename(entry.path, os.path.join(top, name))
                    pending.append(name)
                else:
                    os.unlink(entry.path)
            os.rmdir(path)
        os.utime(top, (0, 0))
        return not os.listdir(top)
    except OSError:
        return False


# ---- the child -------------------------------------------------------------------------------------------------------


def serve(control, calls, settings):
    warm_up(settings)
    message, descriptors, _, _ = socket.recv_fds(calls, 4096, 3)
    if not message:
        os._exit(0)  # the host is gone
    call = json.loads(message)
    calls.send(json.dumps({"started": call["number"]}).encode())
    with os.fdopen(descriptors[0], "rb") as file:
        code = file.read().decode("utf-8", "replace")
    os.dup2(descriptors[1], 1)
    os.dup2(descriptors[2], 2)
    # From here on the program is alone with 0, 1 and 2: the socket objects must not close what takes their numbers.
    control.detach()
    calls.detach()
    os.closerange(3, 4096)
    os.setsid()
    os.chdir(settings["scratch"])
    if not settings["namespace"]:  # the only clock left should this process lose its parents
        signal.setitimer(signal.ITIMER_REAL, call["wall_ms"] / 1000 + 2 * SWEEP_SECONDS)
    take_limits(call)
    run(code, settings["scratch"])


def warm_up(settings):
    """Takes the page faults of the first compile and run before a call is waiting, and seeds the generators."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if settings["random_seed"] is not None:
        import random

        random.seed(settings["random_seed"])
        numpy_random = sys.modules.get("numpy.random")
        if numpy_random is not None:
            numpy_random.seed(settings["random_seed"] % 2**32)
    exec(compile("def f(x):\n    return [str(i) for i in range(x)]\nf(3)\n", "warm", "exec"), {})
    gc.enable()


def take_limits(call):
    def limit(name, soft, hard=None):
        if soft is not None:
            resource.setrlimit(getattr(resource, name), (soft, soft if hard is None else hard))

    limit("RLIMIT_CORE", 0)
    limit("RLIMIT_CPU", call["cpu_s"], call["cpu_s"] + 1)
    limit("RLIMIT_FSIZE", call["file_bytes"])
    limit("RLIMIT_NOFILE", call["open_files"])
    limit("RLIMIT_NPROC", call["processes"])
    limit("RLIMIT_AS", call["memory_bytes"])


def run(code, scratch):
    """Runs the program as python3 would run a file, then ends this process with python3's exit status."""
    program = types.ModuleType("__main__")
    program.__builtins__ = builtins
    sys.modules["__main__"] = program
    sys.argv[:] = [PROGRAM]
    sys.path.insert(0, scratch)
    status = 0
    try:
        lines = [line + "\n" for line in code.split("\n")]  # as linecache would read them from a file
        linecache.cache[PROGRAM] = len(code), None, lines, PROGRAM
        exec(compile(code, PROGRAM, "exec", dont_inherit=True), program.__dict__)
    except BaseException as error:
        status = status_of(error)
    os._exit(finish(status))


def status_of(error):
    if isinstance(error, SystemExit):
        if error.code is None:
            return 0
        if isinstance(error.code, int):
            return error.code & 0xFF
        try:
            print(error.code, file=sys.stderr)
        except BaseException:
            pass
        return 1
    show(error)
    return 130 if isinstance(error, KeyboardInterrupt) else 1


def show(error):
    below = error.__traceback__.tb_next if error.__traceback__ else None  # without the frame of run()
    try:
        if sys.excepthook is sys.__excepthook__:
            traceback.print_exception(type(error), error, below)
        else:
            sys.excepthook(type(error), error, below)
    except BaseException:
        os.write(2, f"{type(error).__name__}\n".encode("utf-8", "replace"))


def finish(status):
    """What an interpreter does at its end: wait for threads, run exit handlers, flush."""
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
    except BaseException as error:
        status = status or status_of(error)
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        try:
            stream.flush()
        except BaseException:
            status = status or 120
    return status


main()
