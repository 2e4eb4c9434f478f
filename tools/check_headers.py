#!/usr/bin/env python3
"""Fails when a header of ours does not compile alone. Compiles each changed header (by content hash of it and of what it includes
from src/) once; results are kept in BUILD/header_checks.

Usage: check_headers.py BUILD_FOLDER     (needs BUILD_FOLDER/compile_commands.json for compiler and include paths)
"""
import concurrent.futures
import hashlib
import json
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def compile_flags(build):
    """One set of flags for every header: the includes and definitions of all the sources together, without warnings."""
    flags, compiler = [], None
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        if "src/" not in entry["file"] or not entry["file"].endswith(".cc"):
            continue
        start = next(i for i, w in enumerate(words) if re.search(r"(c\+\+|g\+\+|clang\+\+)[-\d]*$", w))
        compiler = words[start]
        skip = False
        for i, word in enumerate(words[start + 1:], start + 1):
            if skip:
                skip = False
                continue
            if word == "-isystem":
                pair = f"-isystem{words[i + 1]}"
                skip = True
                if pair not in flags:
                    flags.append(pair)
            elif word.startswith(("-I", "-D", "-std=")) and word not in flags:
                flags.append(word)
    return compiler, flags


def digest(header, seen=None):
    seen = seen if seen is not None else set()
    if header in seen or not header.is_file():
        return b""
    seen.add(header)
    text = header.read_text()
    parts = [text.encode()] + [digest(ROOT / "src" / name, seen) for name in INCLUDE.findall(text)]
    return hashlib.sha256(b"".join(parts)).digest()


def check(header, compiler, flags, kept):
    stamp = kept / (hashlib.sha256(digest(header) + " ".join(flags).encode()).hexdigest() + ".ok")
    if stamp.exists():
        return None
    name = header.relative_to(ROOT / "src").as_posix()
    result = subprocess.run([compiler, *flags, "-fsyntax-only", "-x", "c++", "-"], input=f'#include "{name}"\n',
                            capture_output=True, text=True)
    if result.returncode == 0:
        stamp.touch()
        return None
    return f"src/{name} does not compile alone:\n{result.stderr[:1500]}"


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    compiler, flags = compile_flags(build)
    kept = build / "header_checks"
    kept.mkdir(exist_ok=True)
    # Bodies that are compiled once for each instruction set have no meaning alone.
    per_instruction_set = {ROOT / "src/kernels/cpu/body", ROOT / "src/kernels/cpu/simd"}
    headers = sorted(h for h in (ROOT / "src").rglob("*.h") if h.parent not in per_instruction_set)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = [r for r in pool.map(lambda h: check(h, compiler, flags, kept), headers) if r]
    print("\n".join(found) or f"headers: {len(headers)} compile alone")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
