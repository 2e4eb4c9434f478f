// A read-only text for another process, handed over as a descriptor.
#pragma once

#include <string_view>

#include "sandbox/file_descriptor.h"

namespace lapidary::sandbox {

// A sealed memory file with `text`, read from offset 0. Throws Error{kIo, kExhausted}.
FileDescriptor memory_file(std::string_view text);

}  // namespace lapidary::sandbox
