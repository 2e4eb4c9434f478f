#!/usr/bin/env python3
"""Writes src/tokenizer/jinja/unicode_{property,printable,case}_table.cc from Python's own character database.

Chat templates behave as Python's str does (upper, isdigit, repr, ...), so the tables are read off Python: run this with
the Python whose behaviour is wanted (3.11, Unicode 14). The output is committed; nothing of the build runs this script.
"""
import pathlib
import sys
import unicodedata

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "src" / "tokenizer" / "jinja"
LAST = 0x10FFFF
HEAD = """// Made by tools/make_unicode_tables.py from Unicode {version}; not edited by hand.
// clang-format off
#include "tokenizer/jinja/unicode_tables.h"

namespace lapidary::tokenizer::jinja {{
"""
TAIL = "\n}  // namespace lapidary::tokenizer::jinja\n"


def chars():
    return (c for c in range(LAST + 1) if not 0xD800 <= c < 0xE000)


def runs(codes, keep=lambda a, b: True):
    """[first, last, stride] of increasing codes, stride 1 or 2; neighbours join only if keep(previous, next)."""
    out = []
    for code in codes:
        if out:
            first, last, stride = out[-1]
            gap = code - last
            if keep(last, code) and (gap == stride or (first == last and gap in (1, 2))):
                out[-1] = [first, code, gap]
                continue
        out.append([code, code, 1])
    return out


def wrap(items):
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) + 2 > 100:
            lines.append(line)
            line = "   "
        line += f" {item},"
    return "\n".join(lines + [line])


def table(kind, name, items):
    return f"\nstatic constexpr {kind} k{name}Rows[] = {{\n{wrap(items)}\n}};\nconst std::span<const {kind}> k{name} = k{name}Rows;\n"


def property_table(name, holds):
    rows = runs([c for c in chars() if c >= 0x80 and holds(chr(c))])
    return table("CodeRun", name, [f"{{0x{a:x}, 0x{b:x}, {s}}}" for a, b, s in rows])


def delta_table(name, change, base):
    """Codes whose single-character image under change() differs from base()'s, as runs of one distance."""
    image = {c: ord(change(chr(c))) - c for c in chars()
             if c >= 0x80 and len(change(chr(c))) == 1 and change(chr(c)) != base(chr(c))}
    rows = runs(sorted(image), lambda a, b: image[a] == image[b])
    return table("CaseRun", name, [f"{{0x{a:x}, 0x{b:x}, {s}, {image[a]}}}" for a, b, s in rows])


def special_table(name, change, base):
    rows = []
    for c in chars():
        text = change(chr(c))
        if c >= 0x80 and len(text) != 1 and text != base(chr(c)):
            points = [ord(x) for x in text] + [0] * (3 - len(text))
            rows.append("{0x%x, {0x%x, 0x%x, 0x%x}}" % (c, *points))
    return table("CaseSpecial", name, rows)


def main():
    head = HEAD.format(version=unicodedata.unidata_version)
    properties = [
        ("Alpha", str.isalpha), ("Decimal", str.isdecimal), ("Digit", str.isdigit), ("Numeric", str.isnumeric),
        ("Upper", str.isupper), ("Lower", str.islower), ("Title", lambda c: c.istitle() and not c.isupper()),
    ]
    (FOLDER / "unicode_printable_table.cc").write_text(
        head + property_table("Unprintable", lambda c: not c.isprintable()) + TAIL)
    (FOLDER / "unicode_property_table.cc").write_text(
        head + "".join(property_table(name, holds) for name, holds in properties) + TAIL)
    same = lambda c: c
    text = head
    text += delta_table("ToUpper", str.upper, same) + special_table("ToUpperSpecial", str.upper, same)
    text += delta_table("ToLower", str.lower, same) + special_table("ToLowerSpecial", str.lower, same)
    text += delta_table("ToTitle", str.title, str.upper) + special_table("ToTitleSpecial", str.title, str.upper)
    text += delta_table("ToFold", str.casefold, str.lower) + special_table("ToFoldSpecial", str.casefold, str.lower)
    (FOLDER / "unicode_case_table.cc").write_text(text + TAIL)


if __name__ == "__main__":
    if sys.version_info[:2] != (3, 11):
        sys.exit(f"error: run with Python 3.11, not {sys.version.split()[0]}: the tables hold its behaviour")
    main()
