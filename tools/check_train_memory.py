#!/usr/bin/env python3
"""Runs measure_train_step on 8,192 tokens of a model with 262,144 tokens of vocabulary and fails when the process needs 1 GB or
more: full fp32 logits alone would be 8 GB.
Usage: check_train_memory.py MEASURE_TRAIN_STEP CONFIG_FOLDER"""
import subprocess
import sys

LIMIT = 1_000_000_000


def main():
    command = [sys.argv[1], sys.argv[2], "8192", "262144"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures = dict(line.split() for line in out.splitlines())
    after = int(figures["after"])
    print(f"peak {after / 1e6:.0f} MB (before the step {int(figures['before']) / 1e6:.0f} MB), allowed {LIMIT / 1e6:.0f} MB")
    if not float(figures["grad_norm"]) > 0:
        print("the step had no gradient")
        return 1
    return 0 if after < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
