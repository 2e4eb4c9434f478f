// Where the user's Python lies: what has to be visible for it to run elsewhere.
#pragma once

#include <string>
#include <vector>

namespace lapidary::sandbox {

struct PythonLayout {
  std::string version;                   // "3.11.2"
  std::string executable;                // real path, not that of a virtual environment
  std::vector<std::string> python_path;  // sys.path: standard library and package folders
  std::vector<std::string> libraries;    // files and folders of shared libraries of its own
  std::string multiarch;                 // "x86_64-linux-gnu" on Debian
  std::vector<std::string> installed;    // of the modules asked for
};

// Runs `python` (a name or a path) once, with this program's environment. Throws Error{kNotFound}
// where there is none, Error{kUnsupported} before 3.9 or without what the sandbox needs, and
// Error{kIo, kTimeout} where it does not answer.
PythonLayout inspect_python(const std::string& python, const std::vector<std::string>& modules);

}  // namespace lapidary::sandbox
