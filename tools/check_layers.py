#!/usr/bin/env python3
"""Fails when an include breaks the layer order, or a third-party header appears outside its wall.

The tables below are the rule (docs/architecture.md explains it). There is no list of exceptions: move the code instead.
Usage: check_layers.py [ROOT]   Prints each breach as path:line, exits 1 if there is one.
"""
import pathlib
import re
import sys

# room -> rooms it may include beside itself. Edges are closed over transitively below. "base" may be included by all.
DIRECT = {
    "base": [],
    "observe": ["base"],
    "tokenizer": ["base"],
    "sandbox": ["base"],
    "kernels": ["base"],
    "tensor": ["base"],
    "comm": ["tensor"],
    "ops": ["kernels", "tensor"],
    "rl": ["tokenizer", "tensor"],
    "checkpoint": ["tensor"],
    "model": ["ops", "checkpoint"],
    "rollout": ["model"],
    "train": ["model"],
    "loop": ["rollout", "train", "rl", "sandbox", "observe"],
    "cli": ["loop", "tokenizer", "rollout", "train", "observe", "comm", "sandbox"],
}

# Rooms that never see LibTorch.
TORCH_FREE = {"base", "observe", "tokenizer", "sandbox", "kernels"}
TORCH = re.compile(r"^(ATen|torch|c10)/")

# Headers nobody includes: they cost seconds a file.
BANNED = {"torch/torch.h", "torch/all.h", "ATen/ATen.h", "ATen/Functions.h", "omp.h"}

# pattern -> the only places (file or folder prefix below src/) that may include it.
WALLS = {
    r"^nlohmann/": ["base/json.h"],
    r"^yaml-cpp/": ["base/yaml.cc"],
    r"^CLI/": ["cli/"],
    r"^torch/csrc/autograd/custom_function\.h$": ["ops/custom_grad.cc"],
    r"^torch/csrc/autograd/autograd\.h$": ["ops/"],
    r"^mpi\.h$": ["comm/mpi_comm.cc"],
    r"^nccl\.h$": ["comm/nccl_comm_cuda.cc"],
    r"^seccomp\.h$": ["sandbox/seccomp_policy.cc"],
    r"^boost/": ["serve/http_server.cc"],
    r"^immintrin\.h$": ["kernels/cpu/"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def closure(direct):
    reach = {}

    def visit(room):
        if room not in reach:
            reach[room] = set()
            for other in direct[room]:
                reach[room] |= {other} | visit(other)
        return reach[room]

    for room in direct:
        visit(room)
    return reach


def breaches(root):
    src = root / "src"
    allowed = closure(DIRECT)
    for folder in sorted(p.name for p in src.iterdir() if p.is_dir()):
        if folder not in DIRECT:
            yield f"src/{folder}: a room that tools/check_layers.py does not know"
    for path in sorted(src.rglob("*")):
        if path.suffix not in {".h", ".cc", ".cu", ".cuh"}:
            continue
        name = path.relative_to(src).as_posix()
        room = name.split("/")[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quote, header = match.groups()
            where = f"src/{name}:{number}"
            if header in BANNED:
                yield f"{where}: <{header}> is banned (compile time, or a second OpenMP runtime)"
            if TORCH.match(header) and room in TORCH_FREE:
                yield f"{where}: {room} is a room without LibTorch, it includes <{header}>"
            for pattern, places in WALLS.items():
                if re.match(pattern, header) and not any(name.startswith(p) for p in places):
                    yield f"{where}: <{header}> belongs behind {', '.join(places)}"
            if quote == '"':
                other = header.split("/")[0]
                if header.endswith("_assets.h"):
                    continue  # written into the build tree by cmake/LapidaryEmbed.cmake
                if not (src / header).is_file():
                    yield f'{where}: "{header}" is no file below src/ (includes are rooted there)'
                elif other != room and other not in allowed.get(room, set()):
                    yield f"{where}: {room} may not include {other}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    found = list(breaches(root.resolve()))
    print("\n".join(found) or "layers: in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
