#!/usr/bin/env python3
"""Runs `lapidary inspect` on the headers of a 26B-A4B checkpoint (sparse files, no values) and fails above 1 s of processor time or
200 MB of memory.

Usage: check_inspect.py LAPIDARY MAKE_HEADER_CHECKPOINT
"""
import json
import pathlib
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_SECONDS, MAX_MEGABYTES = 1.0, 200.0


def usage():
    of_children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return of_children.ru_utime + of_children.ru_stime, of_children.ru_maxrss / 1024


def main():
    lapidary, make = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as scratch:
        folder, report = pathlib.Path(scratch, "26b"), pathlib.Path(scratch, "report.json")
        subprocess.run([make, ROOT / "tests/data/gemma4-configs/26b-a4b.json", folder], check=True, stdout=subprocess.DEVNULL)
        before, _ = usage()
        status = subprocess.run([lapidary, "inspect", folder, "--json", report], stdout=subprocess.DEVNULL).returncode
        after, megabytes = usage()
        found = json.loads(report.read_text())
    print(f"inspect: {after - before:.2f} s of processor time, {megabytes:.0f} MB, {len(found['tensors'])} tensors, "
          f"{found['num_parameters'] / 1e9:.3f} B parameters, exit {status}")
    good = (status == 0 and not found["problems"] and len(found["tensors"]) == 1013 and after - before < MAX_SECONDS
            and megabytes < MAX_MEGABYTES)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
