#!/usr/bin/env python3
"""Fails on a file or function that outgrew its limit, non-ASCII source, a file name that says nothing, or an unmarked TODO.

Limits: source 600 lines, header 300, device kernel 900, test 700; function 100 lines.
Usage: check_sizes.py [ROOT]
"""
import pathlib
import re
import sys

LIMITS = {".cc": 600, ".h": 300, ".cu": 900, ".cuh": 900}
TEST_LIMIT = 700
FUNCTION_LIMIT = 100
NAMELESS = re.compile(r"(^|_)(utils?|helpers?|misc|common)(_|\.|$)")
# A definition at column 0 (inside namespaces nothing is indented): it opens with a line that ends in '{' and holds a '('
# somewhere since the last blank line or closing brace, and ends with a '}' at column 0.
OPENERS = re.compile(r"^(namespace|struct|class|enum|union|extern|using|#|//|\}|constexpr \w+[^()]*=)")


def function_lengths(lines):
    start = None
    for number, line in enumerate(lines, 1):
        if start is None:
            if line and not line[0].isspace() and not OPENERS.match(line) and "(" in line:
                start = number
        elif line.startswith("}"):
            yield start, number - start + 1
            start = None
        elif line and not line[0].isspace() and line.rstrip().endswith(";"):
            start = None
        if start is not None and line.rstrip().endswith(";") and number == start:
            start = None


def breaches(root):
    for top in ("src", "tests", "tools", "bench"):
        for path in sorted((root / top).rglob("*")) if (root / top).exists() else []:
            if path.suffix not in LIMITS:
                continue
            name = path.relative_to(root).as_posix()
            text = path.read_text(encoding="utf-8")
            lines = text.splitlines()
            limit = TEST_LIMIT if top == "tests" else LIMITS[path.suffix]
            if len(lines) > limit:
                yield f"{name}: {len(lines)} lines, the limit is {limit}"
            if NAMELESS.search(path.name):
                yield f"{name}: a file name that does not say what is inside"
            for number, line in enumerate(lines, 1):
                if not line.isascii():
                    yield f"{name}:{number}: not ASCII"
                if len(line) > 100 and "//" not in line and '"' not in line:
                    yield f"{name}:{number}: {len(line)} columns, the limit is 100"
                if re.search(r"\bTODO\b(?!\(#\d+\))", line):
                    yield f"{name}:{number}: a TODO names its issue: TODO(#12)"
            if top != "tests":
                for start, length in function_lengths(lines):
                    if length > FUNCTION_LIMIT:
                        yield f"{name}:{start}: a function of {length} lines, the limit is {FUNCTION_LIMIT}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    found = list(breaches(root.resolve()))
    print("\n".join(found) or "sizes: within limits")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
