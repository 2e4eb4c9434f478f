// datetime.strftime and the ISO form of a point in time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tokenizer/jinja/runtime.h"

namespace lapidary::tokenizer::jinja {

// Python's strftime of a time without zone: C's, with %f the microseconds and %z, %Z empty.
std::string format_time(WallTime time, std::string_view format);

// "2024-07-26", "2024-07-26T10:00:00", with a space for T, a fraction of a second, and a zone
// ("Z", "+02:00"), which is dropped. Nothing for another text.
std::optional<WallTime> parse_iso_time(std::string_view text);

}  // namespace lapidary::tokenizer::jinja
