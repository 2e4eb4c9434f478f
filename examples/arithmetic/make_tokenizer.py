#!/usr/bin/env python3
"""Makes the tokenizer of the small base model: Gemma's structure (spaces as U+2581, bytes as fallback, the turn and tool tokens
under the ids of assets/tiny), with pieces learnt from the conversations that the model is trained on. Digits stay alone.

Needs the Python package `tokenizers`.
"""
import argparse
import json
import pathlib
import re

import tokenizers
from tokenizers import models, normalizers, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).resolve().parent
TINY = HERE.parent.parent / "assets" / "tiny" / "tokenizer.json"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", required=True, help="what make_base_data.py wrote")
    parser.add_argument("--output", required=True)
    parser.add_argument("--vocab-size", type=int, default=768)
    parser.add_argument("--max-token-length", type=int, default=16)
    args = parser.parse_args()

    tiny = json.loads(TINY.read_text())
    specials = [token["content"] for token in tiny["added_tokens"]]
    kept = sorted(tiny["model"]["vocab"], key=tiny["model"]["vocab"].get)
    letters = [piece for piece in kept if len(piece) == 1]
    texts = []
    for line in open(args.conversations, encoding="utf-8"):
        messages = json.loads(line)["messages"]
        texts.append("\n".join(["system", messages[0]["content"], "user", messages[1]["content"]] + [messages[2]["content"], "model"]))
    ends = "|".join(re.escape(token) for token in specials)
    texts = [part for text in texts for part in re.split(ends, text) if part]

    learner = tokenizers.Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    learner.normalizer = normalizers.Replace(" ", "\u2581")
    # Pieces do not reach over a line break, nor into or out of numbers, operators and the words of answers.
    apart = r"[0-9]|\n+|</?[a-z_]+>|\u2581?[-+*/()=]+"
    learner.pre_tokenizer = pre_tokenizers.Split(tokenizers.Regex(apart), "isolated")
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=args.vocab_size - len(specials) - len(bytes_),
        initial_alphabet=letters,
        max_token_length=args.max_token_length,
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    learnt = json.loads(learner.to_str())["model"]
    pieces = specials + bytes_ + [p for p in sorted(learnt["vocab"], key=learnt["vocab"].get)]
    tiny["model"]["vocab"] = {piece: index for index, piece in enumerate(pieces)}
    tiny["model"]["merges"] = learnt["merges"]
    pathlib.Path(args.output).write_text(json.dumps(tiny, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    print(f"{args.output}: {len(pieces)} tokens, {len(learnt['merges'])} merges")


if __name__ == "__main__":
    main()
