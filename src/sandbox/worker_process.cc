#include "sandbox/worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "base/file.h"
#include "sandbox/memory_file.h"
#include "sandbox_assets.h"

extern char** environ;

namespace lapidary::sandbox {

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kLoader = "import os;exec(compile(os.fdopen(4).read(),'worker','exec'))";
constexpr int kEndTimeoutMs = 1'000;

WorkerResult failed(WorkerStatus status, std::string error, std::string details = "") {
  WorkerResult result;
  result.status = status;
  result.error = std::move(error);
  result.details = std::move(details);
  return result;
}

// Throws Error where the line is no answer to call `number`.
WorkerResult parse_reply(const std::string& line, int64_t number) {
  Json reply = parse_json(line, "the return value");
  const JsonObject object(reply, "the answer");
  if (object.get_int("id") != number) fail(ErrorKind::kCorrupt, "an answer to another call");
  WorkerResult result;
  if (reply.contains("value")) {
    result.status = WorkerStatus::kOk;
    result.value = std::move(reply["value"]);
    return result;
  }
  const std::string kind = object.get_string("kind");
  const WorkerStatus status = kind == "load"     ? WorkerStatus::kLoadFailed
                              : kind == "return" ? WorkerStatus::kBadReturn
                                                 : WorkerStatus::kRaised;
  return failed(status, object.get_string("summary"), object.get_string("error"));
}

}  // namespace

WorkerProcess::WorkerProcess(const std::string& program, const PythonWorkersOptions& options,
                             int cancel)
    : options_(options), cancel_(cancel) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    fail(ErrorKind::kIo, "making a socket pair for a Python worker: ", last_os_error());
  }
  socket_ = FileDescriptor(ends[0]);
  const FileDescriptor child_end(ends[1]);
  fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
  const FileDescriptor script = memory_file(sandbox_assets::asset("worker.py"));
  SpawnPlan plan;
  plan.program = program;
  plan.arguments = {program, "-c", kLoader};
  plan.arguments.insert(plan.arguments.end(), options.python_path.begin(),
                        options.python_path.end());
  for (char** variable = environ; *variable != nullptr; ++variable) {
    plan.environment.emplace_back(*variable);
  }
  plan.standard_output = STDERR_FILENO;
  plan.standard_error = STDERR_FILENO;
  plan.descriptors = {child_end.get(), script.get()};
  plan.dies_with_thread = true;
  process_.emplace(ChildProcess::spawn(plan));
}

WorkerResult WorkerProcess::call(const std::string& function, const Json& arguments) {
  const auto started = Clock::now();
  WorkerResult result;
  result.status = WorkerStatus::kOk;
  if (!loaded_.contains(function)) {
    Json request;
    request["load"] = function;
    result = exchange(std::move(request), options_.load_timeout_ms, "loading it");
    if (result.status == WorkerStatus::kOk) loaded_.insert(function);
  }
  if (result.status == WorkerStatus::kOk && !arguments.is_null()) {
    Json request;
    request["call"] = function;
    request["arguments"] = arguments;
    result = exchange(std::move(request), options_.timeout_ms, "running it");
  }
  result.wall_ms = std::chrono::duration<double, std::milli>(Clock::now() - started).count();
  return result;
}

WorkerResult WorkerProcess::exchange(Json request, int64_t timeout_ms, const char* doing) {
  request["id"] = ++number_;
  std::string reply;
  if (auto problem = transfer(dump_json(request) + "\n", reply, timeout_ms, doing)) return *problem;
  try {
    return parse_reply(reply, number_);
  } catch (const Error& error) {  // also what the user's code itself wrote to our descriptor
    return broken(WorkerStatus::kBadReturn, error.what());
  }
}

// Writes the request and reads one line, both without blocking, until the deadline.
std::optional<WorkerResult> WorkerProcess::transfer(std::string_view request, std::string& reply,
                                                    int64_t timeout_ms, const char* doing) {
  const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
  char buffer[64 << 10];
  while (reply.empty() || reply.back() != '\n') {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      return broken(WorkerStatus::kTimeout, cat(doing, " took more than ", timeout_ms, " ms"));
    }
    const short wanted = request.empty() ? POLLIN : POLLIN | POLLOUT;
    pollfd waiting[] = {{socket_.get(), wanted, 0}, {cancel_, POLLIN, 0}};
    poll(waiting, 2, static_cast<int>(std::min<int64_t>(left, 1 << 30)));
    if (waiting[1].revents != 0) return broken(WorkerStatus::kCancelled, "the pool was closed");
    if ((waiting[0].revents & POLLOUT) != 0) {
      const ssize_t count = send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL);
      if (count > 0) request.remove_prefix(static_cast<size_t>(count));
    }
    if ((waiting[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    const ssize_t count = recv(socket_.get(), buffer, sizeof buffer, 0);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return ended(doing);
    if (count > 0) reply.append(buffer, static_cast<size_t>(count));
    if (static_cast<int64_t>(reply.size()) > options_.result_bytes) {
      return broken(WorkerStatus::kBadReturn,
                    cat("the return value is longer than ", options_.result_bytes, " bytes"));
    }
  }
  return std::nullopt;
}

WorkerResult WorkerProcess::broken(WorkerStatus status, std::string error) {
  process_.reset();
  return failed(status, std::move(error));
}

WorkerResult WorkerProcess::ended(const char* doing) {
  const std::optional<int> status = process_->wait(kEndTimeoutMs);
  return broken(WorkerStatus::kCrashed,
                cat("the Python process ended while ", doing, ": ",
                    status ? wait_status_text(*status) : "it closed its connection"));
}

}  // namespace lapidary::sandbox
