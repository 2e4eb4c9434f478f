"""Asked of the user's Python: which files does the sandbox need so that the same interpreter runs there? Prints one JSON object."""
import importlib.util
import json
import os
import platform
import sys
import sysconfig


def is_library(folder):
    """The standard library and package folders, not a project that PYTHONPATH or an editable install points at."""
    own = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    name = os.path.basename(folder)
    return name in ("site-packages", "dist-packages", "lib-dynload") or folder in own or folder.endswith(".zip")


def libraries():
    """The standard library's real place, and the interpreter's shared libraries when they are not in a system folder."""
    found = [os.path.realpath(sysconfig.get_path("stdlib"))]
    base = sys.base_prefix
    if base not in ("/", "/usr", "/usr/local"):
        found.append(os.path.join(base, "lib"))
    elif base == "/usr/local":
        path = os.path.join(sysconfig.get_config_var("LIBDIR") or "", sysconfig.get_config_var("INSTSONAME") or "")
        if ".so" in path:
            found.append(path)
    return found


def missing():
    """What the interpreter of a slot needs and this one lacks, "" if nothing."""
    if sys.version_info < (3, 9):
        return "it is older than 3.9"
    if not hasattr(os, "pidfd_open"):
        return "its os module has no pidfd_open"
    return ""


def is_installed(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:  # of the package that it is in
        return False


executable = getattr(sys, "_base_executable", None) or sys.executable
print(json.dumps({
    "version": platform.python_version(),
    "executable": os.path.realpath(executable),
    "python_path": [folder for folder in sys.path if folder and os.path.exists(folder) and is_library(folder)],
    "libraries": [path for path in libraries() if os.path.exists(path)],
    "multiarch": sysconfig.get_config_var("MULTIARCH") or "",
    "missing": missing(),
    "installed": [name for name in sys.argv[1:] if is_installed(name)],
}))
