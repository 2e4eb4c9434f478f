#!/usr/bin/env python3
"""Writes the conversations from which the small base model of the quickstart is made by `lapidary sft`.

Each asks an arithmetic question in the wording of arithmetic-train.jsonl, with numbers of its own (no question of the train or
test file is used). All answers of the first part call Python and read the result. In the second part most guess at once, with a
wrong number more often than not: a model trained on both can use the tool, and seldom does. That is what reinforcement learning
then changes.

The answer that calls Python holds the whole episode, the interpreter's output included, as the environment `retool` puts it
behind the model's turn.
"""
import argparse
import json
import pathlib
import random

HERE = pathlib.Path(__file__).resolve().parent
LAST_LINE = "\n\nFinish with one line of the form Answer: \\boxed{N}, where N is the result as a plain integer."


def number(rng, digits, negative):
    value = rng.randrange(10 ** (digits - 1) if digits > 1 else 0, 10**digits)
    return -value if negative and rng.random() < 0.5 else value


def chain_sum(rng, is_medium):
    digits = rng.randint(2, 4) if is_medium else rng.randint(1, 2)
    terms = rng.randint(3, 6) if is_medium else rng.randint(2, 3)
    text = str(number(rng, digits, is_medium))
    for _ in range(terms - 1):
        text += f" {rng.choice('+-')} {number(rng, digits, is_medium)}"
    return f"State the final answer to the following arithmetic problem: {text} =", text


def products(rng, is_medium):
    digits = (2, 3) if is_medium else (1, 2)
    text = f"{number(rng, rng.randint(*digits), False)} * {number(rng, rng.randint(*digits), False)}"
    return f"Solve the following multiplication: {text}. Give only the result as your final answer.", text


def bracketed(rng, terms, is_medium):
    if terms == 1:
        return str(number(rng, rng.randint(1, 2), is_medium))
    left = rng.randint(1, terms - 1)
    text = f"{bracketed(rng, left, is_medium)} {rng.choice('+-*/')} {bracketed(rng, terms - left, is_medium)}"
    if is_medium and rng.random() < 0.4:
        text = f"{rng.choice(['', '-'])}( {text} )"
    return text


def basic_arithmetic(rng, is_medium):
    while True:
        text = bracketed(rng, rng.randint(3, 4) if is_medium else rng.randint(2, 3), is_medium)
        try:
            value = eval(text, {"__builtins__": {}})
        except ZeroDivisionError:
            continue
        if value == int(value) and abs(value) < 10**7:
            return f"Calculate {text}.", text


def conversation(rng, system, tool_share, seen):
    while True:
        question, expression = rng.choice([chain_sum, products, basic_arithmetic])(rng, rng.random() < 0.5)
        question += LAST_LINE
        if question not in seen:
            break
    seen.add(question)
    value = int(eval(expression, {"__builtins__": {}}))
    if rng.random() < tool_share:
        answer = (
            f"<code>print(int({expression}))</code><turn|>\n\n<interpreter>\nOutput:\n{value}\n</interpreter>\n\n"
            f"Answer: \\boxed{{{value}}}"
        )
    else:
        guess = value if rng.random() < 0.1 else number(rng, len(str(abs(value))), value < 0)
        answer = f"Answer: \\boxed{{{guess}}}"
    return {
        "messages": [
            {"role": "system", "content": "<|think|>\n" + system},
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", required=True)
    parser.add_argument("--num-tool", type=int, default=48000, help="conversations of the first part")
    parser.add_argument("--num-mixed", type=int, default=4000, help="conversations of the second part")
    parser.add_argument("--tool-share", type=float, default=0.4, help="share of the second part's answers that call Python")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    system = (HERE / "retool-system.txt").read_text().rstrip("\n")
    seen = set()
    for part in ("train", "test"):
        for line in (HERE / f"arithmetic-{part}.jsonl").read_text().splitlines():
            seen.add(json.loads(line)["prompt"][0]["content"])
    with open(args.output, "w") as file:
        for index in range(args.num_tool + args.num_mixed):
            tool_share = 1.0 if index < args.num_tool else args.tool_share
            file.write(json.dumps(conversation(rng, system, tool_share, seen)) + "\n")


if __name__ == "__main__":
    main()
