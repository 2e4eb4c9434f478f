#pragma once

#include <cstdint>
#include <string_view>

namespace lapidary::observe {

// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), as TFRecord files use it.
uint32_t crc32c(std::string_view bytes);

}  // namespace lapidary::observe
