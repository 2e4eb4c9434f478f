// The textual check of slime's retool example (tool_sandbox.py, _check_code_safety), case for case:
// it looks for texts anywhere, comments and strings included, so that it refuses much that is
// harmless ("subdir(", "# taken from the book") and lets much through. Isolation does not rest on
// it; it is here to repeat that recipe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lapidary::sandbox {

// Why `code` would not be run: "Code contains dangerous pattern: eval\s*\(" or "Import of 'numpy'
// is not allowed"; nullopt where it would. Where several imports are refused the first in the text
// is named, words after "import" before words after "from" (the reference takes any of a set).
// Beyond ASCII, whitespace and word characters are Python's for the common scripts and signs.
std::optional<std::string> slime_refusal(std::string_view code);

}  // namespace lapidary::sandbox
