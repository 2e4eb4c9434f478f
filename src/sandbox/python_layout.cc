#include "sandbox/python_layout.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "sandbox/child_process.h"
#include "sandbox_assets.h"

extern char** environ;

namespace lapidary::sandbox {

namespace {

constexpr int kAnswerTimeoutMs = 30'000;
constexpr size_t kMaxAnswerBytes = 1 << 20;

std::string read_until_closed(int descriptor, const std::string& python) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(kAnswerTimeoutMs);
  std::string out;
  char buffer[4096];
  while (out.size() < kMaxAnswerBytes) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd waiting{descriptor, POLLIN, 0};
    if (left.count() <= 0 || poll(&waiting, 1, static_cast<int>(left.count())) == 0) {
      fail(ErrorKind::kTimeout, "asking ", python, " for its folders: no answer in ",
           kAnswerTimeoutMs / 1000, " s");
    }
    const ssize_t count = read(descriptor, buffer, sizeof buffer);
    if (count <= 0) break;
    out.append(buffer, static_cast<size_t>(count));
  }
  return out;
}

PythonLayout parse_layout(const std::string& text, const std::string& python) {
  const std::string what = "the answer of " + python;
  const Json json = parse_json(text, what);
  const JsonObject object(json, what);
  PythonLayout out;
  out.version = object.get_string("version");
  out.executable = object.get_string("executable");
  out.python_path = object.get_strings("python_path");
  out.libraries = object.get_strings("libraries");
  out.multiarch = object.get_string("multiarch");
  out.installed = object.get_strings("installed");
  const std::string missing = object.get_string("missing");
  if (!missing.empty()) {
    fail(ErrorKind::kUnsupported, python, " (", out.executable, ", version ", out.version,
         ") cannot run the sandbox: ", missing, "; name another Python, 3.9 or newer");
  }
  return out;
}

}  // namespace

PythonLayout inspect_python(const std::string& python, const std::vector<std::string>& modules) {
  const std::string program = find_program(python);
  if (program.empty()) {
    fail(ErrorKind::kNotFound, "the Python sandbox needs a Python 3.9 or newer: '", python,
         "' is not an executable file", python.find('/') == std::string::npos ? " in PATH" : "",
         "; install python3, or name another one");
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail(ErrorKind::kIo, "making a pipe: ", last_os_error());
  FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  SpawnPlan plan;
  plan.program = program;
  plan.arguments = {program, "-c", std::string(sandbox_assets::asset("python_layout.py"))};
  plan.arguments.insert(plan.arguments.end(), modules.begin(), modules.end());
  for (char** variable = environ; *variable != nullptr; ++variable) {
    plan.environment.emplace_back(*variable);
  }
  plan.standard_output = write_end.get();
  plan.standard_error = STDERR_FILENO;
  ChildProcess child = ChildProcess::spawn(plan);
  write_end.reset();
  const std::string answer = read_until_closed(read_end.get(), program);
  const std::optional<int> status = child.wait(kAnswerTimeoutMs);
  if (!status || *status != 0 || answer.empty()) {
    fail(ErrorKind::kIo, "asking ", program,
         " for its folders failed: ", status ? wait_status_text(*status) : "it does not end");
  }
  return parse_layout(answer, program);
}

}  // namespace lapidary::sandbox
