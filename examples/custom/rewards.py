"""Rewards of your own, for --custom-rm-path rewards.score (start the run in this folder, or put it on PYTHONPATH).

A sample is a dict with the fields of slime's Sample: prompt, response, label, metadata, tokens, response_length, loss_mask,
rollout_log_probs, status, tool_call_count, index, group_index. Return a number, or a dict of which --reward-key names the score.
"""
import re


def score(sample):
    """1 for the right last number of the response, and a little less the longer it is."""
    numbers = re.findall(r"-?\d+(?:\.\d+)?", sample["response"])
    if not numbers or float(numbers[-1]) != float(sample["label"]):
        return 0.0
    return 1.0 - min(sample["response_length"], 1000) / 10000


async def score_with_parts(sample):
    """The same as an async function (await a client of a server here), with parts for the records: --reward-key score."""
    return {"score": score(sample), "calls": sample["tool_call_count"]}
