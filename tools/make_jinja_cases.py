#!/usr/bin/env python3
"""Fills in what transformers makes of the templates in tests/data/jinja/*.jsonl.

One case a line: {"template", "context"?, "now"?} and, written by this script, "rendered" (with "spans", the characters of
{% generation %} blocks, where there are any) or "error": {"kind", "message"}. The context is tests/data/jinja/context.json where the
line has none. Add a line with a template, run this, read the diff.

Usage: make_jinja_cases.py [--check]      (needs a Python with transformers 5.24 and Jinja2 3.1.6)
"""
import copy
import datetime
import json
import pathlib
import sys

import jinja2
import transformers.utils.chat_template_utils as chat

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "jinja"
NOW = "2024-07-26T10:00:00.123456"


class Clock(datetime.datetime):
    """datetime with a clock that stands."""

    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromisoformat(cls.fixed)


def kind_of(error):
    if isinstance(error, jinja2.exceptions.SecurityError):
        return "security"
    if isinstance(error, jinja2.exceptions.UndefinedError):
        return "undefined"
    if isinstance(error, (jinja2.exceptions.TemplateSyntaxError, SyntaxError)):
        return "syntax"
    return "raise" if type(error) is jinja2.exceptions.TemplateError else "type"


def render(case, shared):
    Clock.fixed = case.get("now", NOW)
    out = {key: case[key] for key in ("template", "context", "now") if key in case}
    try:
        compiled = chat._compile_jinja_template(case["template"])
        blocks, spans = [], []
        with compiled.environment.activate_tracker(blocks, spans):
            for block in compiled.generate(**copy.deepcopy(case.get("context", shared))):
                blocks.append(block)
        out["rendered"] = "".join(blocks)
        if spans:
            out["spans"] = spans
    except Exception as error:  # whatever Jinja or Python raises is the expectation
        out["error"] = {"kind": kind_of(error), "message": str(error)}
    return out


def main():
    chat.datetime = Clock
    shared = json.loads((FOLDER / "context.json").read_text())
    wrong = 0
    for path in sorted(FOLDER.glob("*.jsonl")):
        before = path.read_text().splitlines()
        after = [json.dumps(render(json.loads(line), shared), ensure_ascii=False) for line in before]
        changed = sum(a != b for a, b in zip(before, after))
        print(f"{path.name}: {len(before)} cases, {changed} changed")
        wrong += changed
        if "--check" not in sys.argv:
            path.write_text("\n".join(after) + "\n")
    return 1 if wrong and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
