// Starting and ending a slot. slot_call.cc runs programs in it.
#include "sandbox/slot.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "sandbox/memory_file.h"
#include "sandbox/process_watch.h"
#include "sandbox/seccomp_policy.h"
#include "sandbox_assets.h"

namespace lapidary::sandbox {

namespace {

constexpr int kEndTimeoutMs = 10'000;

struct Ends {
  FileDescriptor host, child;
};

Ends socket_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    fail(ErrorKind::kIo, "making a socket pair for the sandbox: ", last_os_error());
  }
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Ends pipe_pair() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    fail(ErrorKind::kIo, "making a pipe for the sandbox: ", last_os_error());
  }
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

std::string scratch_folder() {
  const char* top = std::getenv("TMPDIR");
  std::string path = cat(top != nullptr && *top != '\0' ? top : "/tmp", "/lapidary-sandbox-XXXXXX");
  if (mkdtemp(path.data()) == nullptr) {
    fail(ErrorKind::kIo, "making a scratch folder ", path, ": ", last_os_error());
  }
  return path;
}

int open_process_handle(pid_t pid) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

}  // namespace

Slot::Slot(const SlotBlueprint& blueprint) : blueprint_(blueprint) {
  if (blueprint.cgroup != nullptr) {
    cgroup_.emplace(blueprint.cgroup->make_slot(blueprint.cgroup_limits));
  }
}

std::unique_ptr<Slot> Slot::start(const SlotBlueprint& blueprint) {
  std::unique_ptr<Slot> slot(new Slot(blueprint));
  slot->launch();
  slot->await_warm();
  return slot;
}

void Slot::launch() {
  Ends control = socket_pair();
  Ends calls = socket_pair();
  Ends log = pipe_pair();
  Ends info;
  FileDescriptor seccomp;
  const FileDescriptor script = memory_file(sandbox_assets::asset("zygote.py"));
  SlotDescriptors descriptors{control.child.get(), calls.child.get(), script.get()};
  SpawnPlan plan;
  if (blueprint_.is_unsafe) {
    scratch_ = scratch_folder();
    plan = unsafe_plan(blueprint_.python.executable, scratch_, descriptors);
  } else {
    info = pipe_pair();
    seccomp = compiled_seccomp_policy();
    descriptors.seccomp = seccomp.get();
    descriptors.info = info.child.get();
    plan = bubblewrap_plan(blueprint_.bubblewrap, descriptors);
  }
  FileDescriptor procs;
  if (cgroup_) {
    procs = cgroup_->open_procs();
    plan.cgroup_procs = procs.get();
  }
  plan.standard_output = log.child.get();
  plan.standard_error = log.child.get();
  process_.emplace(ChildProcess::spawn(plan));
  control_ = std::move(control.host);
  calls_ = std::move(calls.host);
  log_ = std::move(log.host);
  info_ = std::move(info.host);
}

void Slot::await_warm() {
  Json settings;
  settings["python_path"] =
      blueprint_.is_unsafe ? blueprint_.python.python_path : blueprint_.bubblewrap.root.python_path;
  settings["preload"] = blueprint_.preload;
  settings["namespace"] = !blueprint_.is_unsafe;
  settings["scratch"] = blueprint_.is_unsafe ? scratch_ : "/tmp";
  settings["random_seed"] = nullptr;
  if (blueprint_.random_seed) settings["random_seed"] = *blueprint_.random_seed;
  const std::string message = dump_json(settings);
  send(control_.get(), message.data(), message.size(), MSG_NOSIGNAL);

  pollfd waiting{control_.get(), POLLIN, 0};
  const int ready = poll(&waiting, 1, blueprint_.start_timeout_ms);
  char buffer[4096];
  const ssize_t count = ready > 0 ? recv(control_.get(), buffer, sizeof buffer, 0) : 0;
  if (count <= 0) {
    if (ready == 0) {
      fail(ErrorKind::kTimeout, "starting the Python sandbox: its interpreter is not ready after ",
           blueprint_.start_timeout_ms / 1000, " s");
    }
    const std::optional<int> status = process_->wait(kEndTimeoutMs);
    fail(ErrorKind::kIo, "starting the Python sandbox failed (",
         status ? wait_status_text(*status) : "no exit", "): ", launcher_words());
  }
  const Json answer = parse_json({buffer, static_cast<size_t>(count)}, "the sandbox's answer");
  preloaded_ = JsonObject(answer, "the sandbox's answer").get_strings("loaded");
  log_.reset();
  init_ = process_->pid();
  if (!blueprint_.is_unsafe) {
    const ssize_t length = read(info_.get(), buffer, sizeof buffer);
    LAPIDARY_CHECK(length > 0, "bubblewrap wrote no information about its child");
    const Json info = parse_json({buffer, static_cast<size_t>(length)}, "bubblewrap's information");
    init_ = static_cast<pid_t>(JsonObject(info, "bubblewrap's information").get_int("child-pid"));
    info_.reset();
  }
  init_handle_ = FileDescriptor(open_process_handle(init_));
  // Whoever has that pid now must be bubblewrap's child before it may ever get a signal from us.
  if (!blueprint_.is_unsafe && parent_of(init_) != process_->pid()) init_handle_.reset();
}

std::string Slot::launcher_words() {
  std::string words;
  char buffer[4096];
  fcntl(log_.get(), F_SETFL, O_NONBLOCK);
  while (words.size() < sizeof buffer) {
    const ssize_t count = read(log_.get(), buffer, sizeof buffer);
    if (count <= 0) break;
    words.append(buffer, static_cast<size_t>(count));
  }
  while (!words.empty() && words.back() == '\n') words.pop_back();
  return words.empty() ? "it said nothing" : words;
}

void Slot::end() {
  is_usable_ = false;
  control_.reset();
  calls_.reset();
  if (!process_) return;
  if (blueprint_.is_unsafe) {
    kill_tree_below(process_->pid());
    process_->kill_group();
  } else if (init_handle_.is_open()) {
    // The end of process 1 ends its whole namespace; bubblewrap, which waits for it, ends after.
    syscall(SYS_pidfd_send_signal, init_handle_.get(), SIGKILL, nullptr, 0);
  } else {
    process_->kill_group();
  }
  if (!process_->wait(kEndTimeoutMs)) {
    log_warning("a sandbox does not end after SIGKILL; leaving it behind");
    process_->kill_group();
  }
  process_.reset();
}

Slot::~Slot() {
  end();
  if (!scratch_.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(scratch_, ignored);
  }
}

}  // namespace lapidary::sandbox
