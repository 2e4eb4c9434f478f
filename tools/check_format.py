#!/usr/bin/env python3
"""Fails when clang-format would change a file. Exits 77 (skipped) where clang-format is absent.

Usage: check_format.py [--fix]
"""
import pathlib
import shutil
import subprocess
import sys


def main():
    clang_format = shutil.which("clang-format-14") or shutil.which("clang-format")
    if clang_format is None:
        print("format: skipped, clang-format is not installed")
        return 77
    version = subprocess.run([clang_format, "--version"], capture_output=True, text=True).stdout
    if "version 14." not in version and "--fix" not in sys.argv:
        print(f"format: skipped, the layout is that of clang-format 14 and this is {version.strip()}")
        return 77
    root = pathlib.Path(__file__).resolve().parent.parent
    files = [str(p) for top in ("src", "tests", "tools", "bench") for p in sorted((root / top).rglob("*"))
             if p.suffix in {".h", ".cc", ".cu", ".cuh"}]
    mode = ["-i"] if "--fix" in sys.argv else ["--dry-run", "--Werror"]
    result = subprocess.run([clang_format, *mode, *files], capture_output=True, text=True)
    wrong = sorted({line.split(":")[0] for line in result.stderr.splitlines() if "error:" in line})
    if result.returncode != 0:
        print("\n".join(wrong) or result.stderr)
        print("format: run tools/check_format.py --fix")
        return 1
    print(f"format: {len(files)} files in order")
    return 0


if __name__ == "__main__":
    sys.exit(main())
