#include "sandbox/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/file.h"

namespace lapidary::sandbox {

FileDescriptor memory_file(std::string_view text) {
  FileDescriptor file(memfd_create("lapidary-sandbox", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.is_open()) fail(ErrorKind::kIo, "creating a memory file failed: ", last_os_error());
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t count = write(file.get(), rest.data(), rest.size());
    if (count <= 0) fail(ErrorKind::kExhausted, "writing a memory file failed: ", last_os_error());
    rest.remove_prefix(static_cast<size_t>(count));
  }
  fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

}  // namespace lapidary::sandbox
