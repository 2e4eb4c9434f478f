#!/usr/bin/env bash
# Makes the small base model of the quickstart again, from nothing: conversations, tokenizer, random weights, supervised fine-tuning.
#   examples/arithmetic/make_base.sh OUTPUT_FOLDER
# The tokenizer is made only when tokenizer.json beside this script is missing (it needs the Python package `tokenizers`).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
output=${1:?usage: make_base.sh OUTPUT_FOLDER}
work=$output.work
lapidary=$root/build/bin/lapidary
rm -rf "$work"
mkdir -p "$work/text"
python3 "$here/make_base_data.py" --output "$work/conversations.jsonl"
if [ ! -e "$here/tokenizer.json" ]; then
  "${LAPIDARY_PYTHON:-python3}" "$here/make_tokenizer.py" --conversations "$work/conversations.jsonl" --output "$here/tokenizer.json"
fi
cp "$here/tokenizer.json" "$root"/assets/tiny/{tokenizer_config.json,generation_config.json,chat_template.jinja} "$work/text"
"$lapidary" init --config "$here/base-config.json" --tokenizer "$work/text" --output "$work/random" --seed 1
"$lapidary" sft --hf-checkpoint "$work/random" --prompt-data "$work/conversations.jsonl" --num-epoch 1 --global-batch-size 32 \
  --use-dynamic-batch-size --max-tokens-per-gpu 8192 --lr 3e-3 --lr-warmup-iters 100 --lr-decay-style linear --min-lr 1e-4 \
  --weight-decay 0 --clip-grad 1.0 --run-dir "$work/run" --save "$work/checkpoints" --save-interval 500
newest=$work/checkpoints/$(cat "$work/checkpoints/latest")
mkdir -p "$output"
cp "$newest"/*.json "$newest"/*.jinja "$newest"/*.safetensors "$output"
