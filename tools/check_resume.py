#!/usr/bin/env python3
"""Kills a training run at random moments and checks that it goes on as if nothing had happened.

An uninterrupted run on a tiny model with random weights comes first. Then the same command is started again and again, each
time killed with SIGKILL after a random time, until it has been killed the wanted number of times; after each kill every
checkpoint that is there must load. Then it runs to its end: metrics (times aside) and trajectories must equal those of the
uninterrupted run to the last digit.

Usage: check_resume.py BUILD/bin/lapidary [--kills 20] [--seed 1] [--rollouts 24]   Exits 1 at a difference.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(words, **more):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def must(words):
    result = run(words)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} ended with {result.returncode}:\n{result.stderr}")
    return result


def prepare(program, folder):
    must([program, "init", "--config", ROOT / "assets/tiny/config.json", "--tokenizer", ROOT / "assets/tiny", "--output",
          folder / "tiny", "--seed", "3"])
    with open(folder / "problems.jsonl", "w") as out:
        for i in range(40):
            message = {"role": "user", "content": f"What is {i} + {i + 3}?"}
            out.write(json.dumps({"prompt": [message], "label": str(2 * i + 3)}) + "\n")


def command(program, folder, name, rollouts):
    return [str(word) for word in [
        program, "train", "--hf-checkpoint", folder / "tiny", "--prompt-data", folder / "problems.jsonl", "--input-key", "prompt",
        "--label-key", "label", "--apply-chat-template", "--rollout-shuffle", "--rm-type", "random", "--rollout-batch-size", 4,
        "--n-samples-per-prompt", 2, "--over-sampling-batch-size", 6, "--partial-rollout", "--rollout-max-response-len", 24,
        "--num-rollout", rollouts, "--lr", "1e-3", "--use-dynamic-batch-size", "--max-tokens-per-gpu", 512, "--deterministic-mode",
        "--device", "cpu", "--save", folder / f"{name}-save", "--load", folder / f"{name}-save", "--save-interval", 1,
        "--keep-checkpoints", 3, "--run-dir", folder / f"{name}-run"]]


def timeless(folder):
    rows = [json.loads(line) for line in open(folder / "metrics.jsonl")]
    rows = [{key: value for key, value in row.items() if not key.startswith("perf/")} for row in rows]
    rollouts = {}
    for path in sorted((folder / "rollouts").glob("*.jsonl")):
        lines = [json.loads(line) for line in open(path)]
        for line in lines:
            for tool in line["tools"]:
                tool.pop("seconds", None)
        rollouts[path.name] = lines
    return rows, rollouts


def check_checkpoints(program, save):
    whole = [path for path in save.glob("iter_*") if "." not in path.name]
    for path in whole:
        must([program, "inspect", path])
        json.load(open(path / "train_state" / "run.json"))
    return len(whole)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rollouts", type=int, default=24)
    options = parser.parse_args()
    moments = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        prepare(options.program, folder)
        begin = time.time()
        must(command(options.program, folder, "whole", options.rollouts))
        whole_seconds = time.time() - begin
        words = command(options.program, folder, "cut", options.rollouts)
        kills = 0
        ended = 0
        while kills < options.kills and ended < 3:
            # Short enough that the run does not come to its end before it was killed often enough.
            seconds = moments.uniform(0.02, 0.1 + 3.0 * whole_seconds / options.kills)
            try:
                result = run(words, timeout=seconds)  # kills with SIGKILL
                ended += 1
                if result.returncode != 0:
                    sys.exit(f"ended with {result.returncode}:\n{result.stderr}")
            except subprocess.TimeoutExpired:
                kills += 1
            count = check_checkpoints(options.program, folder / "cut-save")
            print(f"kill {kills} after {seconds:.2f} s: {count} checkpoints, all whole")
        must(words)
        if timeless(folder / "cut-run") != timeless(folder / "whole-run"):
            sys.exit("the run that was killed has other metrics or trajectories than the one that was not")
        rows = len(timeless(folder / "whole-run")[0])
        print(f"{kills} kills, {rows} steps: metrics and trajectories equal")


if __name__ == "__main__":
    main()
