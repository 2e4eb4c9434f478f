#!/usr/bin/env python3
"""Saves the fixtures with resave_checkpoint and reads them back with Hugging Face transformers: from_pretrained must give no warning
and every tensor must be equal to the one of the source folder. Also compares whole files with those of save_pretrained.

Usage: check_with_transformers.py RESAVE_CHECKPOINT [FOLDER ..]   Exits 77 (skipped) where torch or transformers is not installed.
"""
import contextlib
import io
import json
import logging
import pathlib
import subprocess
import sys
import tempfile
import warnings

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ["moe-tiny", "dense-tiny", "moe-tiny-bf16", "e2b-tiny"]
ONE_FILE, MANY_FILES = 50_000_000_000, 100_000

try:
    import torch
    import transformers
    from safetensors.torch import load_file
except ImportError as error:
    print(f"skipped: {error} (set LAPIDARY_PYTHON to a Python with torch, transformers and safetensors)")
    sys.exit(77)


class Complaints(logging.Handler):
    """Keeps what transformers logs at warning level and above."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def load(folder):
    """The model and everything that was complained about while it was read."""
    complaints = Complaints()
    logger = logging.getLogger("transformers")
    logger.addHandler(complaints)
    try:
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("always")
            model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    finally:
        logger.removeHandler(complaints)
    return model, complaints.lines + [str(w.message) for w in caught]


def differences(model, reference, dtype):
    want, got = reference.state_dict(), model.state_dict()
    for name in sorted(set(want) | set(got)):
        if name not in want or name not in got:
            yield f"{name} is only on one side"
            continue
        # Buffers of towers keep their bytes; what the text model has is converted.
        expected = want[name]
        if dtype is not None and got[name].dtype != expected.dtype:
            expected = expected.to(dtype)
        if got[name].dtype != expected.dtype or not torch.equal(got[name], expected):
            yield f"{name} differs"


def stored(folder):
    out = {}
    for path in sorted(folder.glob("*.safetensors")):
        if path.name.startswith("model"):
            out.update(load_file(path))
    return out


def check(tool, source, scratch, shard_bytes, dtype):
    out = scratch / f"{source.name}-{shard_bytes}-{dtype or 'own'}"
    subprocess.run([tool, source, out, str(shard_bytes), *([dtype] if dtype else [])], check=True, stdout=subprocess.DEVNULL)
    model, complaints = load(out)
    reference, _ = load(source)
    found = [f"transformers says: {line}" for line in complaints]
    found += differences(model, reference, getattr(torch, dtype) if dtype else None)
    if not dtype:
        before, after = stored(source), stored(out)
        found += [f"stored {n} differs" for n in before if n not in after or not torch.equal(before[n], after[n])]
        theirs = scratch / f"{source.name}-{shard_bytes}-theirs"
        model.save_pretrained(theirs, max_shard_size=shard_bytes)
        if len(stored(theirs)) == len(after):  # else the source holds unused tensors that save_pretrained drops
            found += [f"{p.name} is not what save_pretrained writes" for p in theirs.glob("model*")
                      if p.read_bytes() != (out / p.name).read_bytes()]
    return found


def main():
    transformers.utils.logging.set_verbosity_warning()
    transformers.utils.logging.disable_progress_bar()
    tool = pathlib.Path(sys.argv[1]).resolve()
    folders = [pathlib.Path(p) for p in sys.argv[2:]] or [ROOT / "tests/data/gemma4-fixtures" / name for name in FIXTURES]
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        for source in folders:
            wants = json.loads((source / "config.json").read_text())
            own = wants.get("dtype") or wants.get("text_config", {}).get("dtype")
            for shard_bytes in (ONE_FILE, MANY_FILES):
                for dtype in [None] + (["bfloat16"] if own != "bfloat16" else []):
                    found = check(tool, source, pathlib.Path(scratch), shard_bytes, dtype)
                    label = f"{source.name}, {'one file' if shard_bytes == ONE_FILE else 'shards'}, {dtype or 'own dtype'}"
                    print(f"{label}: {'equal, no warning' if not found else ''}")
                    for line in found:
                        print(f"  {line}")
                    failed = failed or bool(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
