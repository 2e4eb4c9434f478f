"""One process of the pool that runs the user's own functions, in the user's own Python.

Descriptor 3 is a stream socket with one JSON object a line each way:
  {"id": 1, "load": "module.function"}                     -> {"id": 1, "value": null}
  {"id": 2, "call": "module.function", "arguments": [..]}  -> {"id": 2, "value": ..}
and, instead of a value, {"error": text, "summary": line, "kind": "load" | "raised" | "return"}. Functions may be plain or async; all awaitables
run in one event loop, so that a client kept by the user's module stays usable. What functions print goes to standard error.
"""
import asyncio
import importlib
import inspect
import json
import os
import sys
import traceback

LONGEST_ERROR = 4000
functions = {}


def main():
    os.dup2(2, 1)
    sys.path[0:0] = [""] + sys.argv[1:]
    requests = os.fdopen(os.dup(3), "r", encoding="utf-8", newline="\n")
    replies = os.fdopen(3, "w", encoding="ascii", newline="\n")
    os.set_inheritable(requests.fileno(), False)
    os.set_inheritable(replies.fileno(), False)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    for line in requests:
        replies.write(answer(json.loads(line), loop) + "\n")
        replies.flush()


def answer(request, loop):
    number = request["id"]
    name = request.get("load") or request["call"]
    try:
        function = load(name)
    except BaseException as error:
        return failure(number, "load", error)
    if "load" in request:
        return json.dumps({"id": number, "value": None})
    try:
        value = function(*request["arguments"])
        if inspect.isawaitable(value):
            value = loop.run_until_complete(value)
    except BaseException as error:
        return failure(number, "raised", error)
    try:
        return json.dumps({"id": number, "value": value}, allow_nan=False, default=plain)
    except BaseException as error:
        return failure(number, "return", error)


def load(name):
    if name not in functions:
        module, _, attribute = name.rpartition(".")
        function = getattr(importlib.import_module(module), attribute)
        if not callable(function):
            raise TypeError(f"{name} is a {type(function).__name__}, not a function")
        functions[name] = function
    return functions[name]


def plain(value):
    """Scalars and arrays of numpy and torch."""
    for method in ("tolist", "item"):
        if hasattr(value, method):
            return getattr(value, method)()
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


def failure(number, kind, error):
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    summary = f"{type(error).__name__}: {error}"[:500]
    return json.dumps({"id": number, "error": text[-LONGEST_ERROR:], "summary": summary, "kind": kind})


main()
