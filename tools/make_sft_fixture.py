#!/usr/bin/env python3
"""Writes tests/data/sft-loss.json: what transformers takes as the loss of masked conversations.

The model is tests/data/gemma4-fixtures/moe-tiny in fp32. Labels are the ids where the mask is 1 and -100 elsewhere;
transformers shifts them itself. `loss` is of the whole padded batch (a mean over tokens), `losses` of each row alone,
`grad_norm` the global norm of the gradient of `loss`.
Usage: make_sft_fixture.py   (needs torch and transformers 5.24)
"""
import json
import pathlib
import random

import torch
from transformers import AutoModelForCausalLM

DATA = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data"
LENGTHS = [7, 23, 14, 31, 2]


def make_rows():
    source = random.Random(4)
    rows = []
    for length in LENGTHS:
        ids = [source.randrange(3, 512) for _ in range(length)]
        mask = [int(i > length // 3 and source.random() < 0.7) for i in range(length)]
        mask[-1] = 1
        rows.append({"input_ids": ids, "loss_mask": mask})
    return rows


def batch_of(rows):
    longest = max(len(row["input_ids"]) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    attention = torch.zeros_like(ids)
    labels = torch.full_like(ids, -100)
    for i, row in enumerate(rows):
        n = len(row["input_ids"])
        ids[i, :n] = torch.tensor(row["input_ids"])
        attention[i, :n] = 1
        mask = torch.tensor(row["loss_mask"]).bool()
        labels[i, :n] = torch.where(mask, ids[i, :n], labels[i, :n])
    return {"input_ids": ids, "attention_mask": attention, "labels": labels}


def main():
    model = AutoModelForCausalLM.from_pretrained(DATA / "gemma4-fixtures" / "moe-tiny", dtype=torch.float32)
    model.eval()
    rows = make_rows()
    with torch.no_grad():
        losses = [model(**batch_of([row])).loss.item() for row in rows]
    loss = model(**batch_of(rows)).loss
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients]))
    out = {"rows": rows, "loss": loss.item(), "losses": losses, "grad_norm": norm.item()}
    (DATA / "sft-loss.json").write_text(json.dumps(out) + "\n")
    print(out["loss"], out["losses"], out["grad_norm"])


if __name__ == "__main__":
    main()
