#!/usr/bin/env python3
"""A training step of lapidary beside one of Hugging Face transformers, on the CPU.

Both do forward, log-probabilities of the targets, backward and AdamW on the shapes of `lapidary bench train-step`: about 100 million
parameters, two sequences of 512 tokens. transformers gets the best of its attention and expert backends. Prints both times, their
ratio, and what each reaches of the rate of a large matrix product, for each model and dtype.

Needs a Python with torch and transformers (5.24): the one that runs this.

    LAPIDARY_PYTHON=/path/to/python
    $LAPIDARY_PYTHON bench/train_step_vs_transformers.py [--program build/release/bin/lapidary] [--only "moe-100m float32"]
"""
import argparse
import itertools
import json
import statistics
import subprocess
import time

import torch
from transformers import Gemma4ForCausalLM, Gemma4TextConfig

SEQUENCES, LENGTH, VOCABULARY = 2, 512, 32768
MODELS = {
    "moe-100m": {"intermediate_size": 1024, "enable_moe_block": True, "num_experts": 16, "top_k_experts": 2,
                 "moe_intermediate_size": 192},
    "dense-100m": {"intermediate_size": 4096, "enable_moe_block": False},
}
ROPE = {"full_attention": {"partial_rotary_factor": 0.25, "rope_theta": 1e6, "rope_type": "proportional"},
        "sliding_attention": {"rope_theta": 1e4, "rope_type": "default"}}
BARS = {("moe-100m", "float32"): 1.2, ("dense-100m", "float32"): 1.1, ("moe-100m", "bfloat16"): 2.0, ("dense-100m", "bfloat16"): 2.0}


def text_config(name):
    layers = (["sliding_attention"] * 5 + ["full_attention"]) * 2
    return Gemma4TextConfig(
        vocab_size=VOCABULARY, hidden_size=512, num_hidden_layers=12, layer_types=layers, num_attention_heads=8, head_dim=64,
        global_head_dim=128, num_key_value_heads=4, num_global_key_value_heads=2, sliding_window=512, attention_k_eq_v=True,
        final_logit_softcapping=30.0, hidden_size_per_layer_input=0, max_position_embeddings=4096, num_kv_shared_layers=0,
        use_double_wide_mlp=False, rope_parameters=ROPE, pad_token_id=0, bos_token_id=2, eos_token_id=1, tie_word_embeddings=True,
        **MODELS[name])


def make_step(model):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
    tokens = torch.randint(2, VOCABULARY, (SEQUENCES, LENGTH + 1), generator=torch.Generator().manual_seed(1))

    def step():
        logits = model(input_ids=tokens[:, :-1], use_cache=False).logits
        torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), tokens[:, 1:].flatten()).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def milliseconds(body):
    start = time.perf_counter()
    body()
    return 1e3 * (time.perf_counter() - start)


def theirs(name, dtype, repetitions):
    """The times of the best pair of backends, and its name."""
    experts = ["grouped_mm", "batched_mm", "eager"] if MODELS[name]["enable_moe_block"] else ["eager"]
    model = Gemma4ForCausalLM(text_config(name)).to(getattr(torch, dtype)).train()
    trials = []
    for attention, expert in itertools.product(["sdpa", "eager"], experts):
        try:
            model.set_attn_implementation(attention)
            if len(experts) > 1:
                model.set_experts_implementation(expert)
            step = make_step(model)
            step()
            trials.append((milliseconds(step), attention, expert))
        except (RuntimeError, ValueError, NotImplementedError) as error:
            print(f"  transformers {attention}, {expert}: {str(error).splitlines()[0]}")
    _, attention, expert = min(trials)
    model.set_attn_implementation(attention)
    if len(experts) > 1:
        model.set_experts_implementation(expert)
    step = make_step(model)
    step()
    return [milliseconds(step) for _ in range(repetitions)], f"{attention}, {expert}"


def ours(program, name, dtype):
    command = [program, "bench", "train-step", "--only", f"{name} {dtype}", "--json", "-"]
    (row,) = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--program", default="build/release/bin/lapidary")
    parser.add_argument("--only", default="", help='only cases whose model and dtype, as "moe-100m float32", hold this text')
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()
    for (name, dtype), bar in BARS.items():
        if arguments.only not in f"{name} {dtype}":
            continue
        row = ours(arguments.program, name, dtype)
        times, backends = theirs(name, dtype, arguments.repetitions)
        median = statistics.median(times)
        flops = row["achieved"] * row["median_ms"]  # of a step, in millions
        print(f"train step {name} {dtype}: lapidary {row['median_ms']:.0f} ms ({row['min_ms']:.0f} to {row['max_ms']:.0f}), "
              f"{row['ratio']:.2f} of the matrix product; transformers ({backends}) {median:.0f} ms ({min(times):.0f} to "
              f"{max(times):.0f}), {flops / median / row['limit']:.2f} of it; {median / row['median_ms']:.2f} times as fast "
              f"(bar {bar})", flush=True)


if __name__ == "__main__":
    main()
