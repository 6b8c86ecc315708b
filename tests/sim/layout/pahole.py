#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Hold `kmemsim layout` against pahole: sizes, offsets and holes of all structs.

Usage: pahole.py REPORT BINARY

REPORT is the JSON of `kmemsim layout --json REPORT BINARY 'struct *'`. Every struct that pahole shows must be among ours, with the same size and the
same members at the same bits, and the same number of unused bits in front of
each member and at the end. Of a name with several layouts pahole shows one; it
must be one of ours.

pahole counts the unused bits beside bit-fields in two parts, whose border
depends on the declared type; we hold the sum of both against ours.
"""
import json
import re
import subprocess
import sys

OFFSET = re.compile(r"/\*\s*(\d+)(?::\s*(\d+))?\s+(\d+)\s*\*/")
HOLE = re.compile(r"/\* XXX (\d+) (bytes?|bits?) hole, try to pack \*/")
PADDING = re.compile(r"/\* (bit_)?padding: (\d+)")
SIZE = re.compile(r"/\* size: (\d+), cachelines: \d+, members: (\d+)")


class Theirs:
    """One struct as pahole prints it."""

    def __init__(self, name):
        self.name = name
        self.size = None
        self.members = []  # (bit, bits of a bit-field or None, bytes)
        self.gaps = [0]  # unused bits in front of each member, and at the end
        self.end = 0

    def line(self, text, depth):
        found = SIZE.search(text)
        if found:
            self.size = int(found.group(1))
        found = PADDING.search(text)
        if found and depth == 1:
            self.end += int(found.group(2)) * (1 if found.group(1) else 8)
        found = HOLE.search(text)
        if found and depth == 1:
            self.gaps[-1] += int(found.group(1)) * (8 if "byte" in found.group(2) else 1)


def pahole_structs(binary):
    """Names and layouts, top level only: what is nested is a struct of its own or ours to expand."""
    text = subprocess.run(["pahole", "--structs", binary], check=True, capture_output=True, text=True,
                          errors="replace").stdout
    current, depth = None, 0
    for line in text.splitlines():
        if current is None:
            found = re.match(r"struct (\S+) \{", line)
            if found:
                current, depth = Theirs(found.group(1)), 1
            continue
        if line.startswith("}"):
            yield current
            current = None
            continue
        opens = line.rstrip().endswith("{") or re.search(r"\{\s*(/\*.*\*/)?\s*$", line)
        closes = re.match(r"\s+\}", line)
        if closes:
            depth -= 1
        current.line(line, depth)
        found = OFFSET.search(line)
        if depth == 1 and found and not opens:
            byte, bit, size = found.groups()
            width = re.search(r":(\d+);\s*/\*", line)
            start = int(byte) * 8 + (int(bit) if bit else 0)
            bits = int(width.group(1)) if width and bit is not None else None
            current.members.append((start, bits, int(size)))
            current.gaps.append(0)
        if opens:
            depth += 1


def our_structs(report):
    """All layouts of each name: (size, members, gaps)."""
    ours = {}
    with open(report, "rb") as file:
        values = json.load(file)
    for key, value in values.items():
        if key.startswith("type_"):
            ours.setdefault(value["name"], []).append(top_level(value))
    return ours


def top_level(value):
    members, gaps = [], [0]
    for row in value["members"]:
        if row["depth"]:
            continue
        if row["kind"] in ("hole", "spare", "padding"):
            gaps[-1] += row["bits"] if row["bits"] is not None else row["size"] * 8
            continue
        bits = row["bits"] if row["kind"] == "bits" else None
        members.append((row["offset"] * 8 + (row["bit"] or 0), bits, row["size"]))
        gaps.append(0)
    return value["size"], members, gaps


def same(theirs, ours):
    size, members, gaps = ours
    if size != theirs.size or len(members) != len(theirs.members):
        return False
    for mine, their in zip(members, theirs.members):
        # A bit-field's bytes are the declared type's to pahole.
        if mine[:2] != their[:2] or (mine[1] is None and mine[2] != their[2]):
            return False
    return gaps == theirs.gaps[:-1] + [theirs.gaps[-1] + theirs.end]


def main():
    report, binary = sys.argv[1:]
    ours = our_structs(report)
    compared, holes, bad = 0, 0, 0
    for theirs in pahole_structs(binary):
        compared += 1
        holes += sum(1 for gap in theirs.gaps if gap)
        if any(same(theirs, one) for one in ours.get(theirs.name, [])):
            continue
        bad += 1
        if bad <= 5:
            print(f"{theirs.name}: pahole has size {theirs.size}, members {theirs.members}, gaps {theirs.gaps} "
                  f"and {theirs.end} bits at the end", file=sys.stderr)
            for one in ours.get(theirs.name, ["nothing of that name"]):
                print(f"  we have {one}", file=sys.stderr)
    print(f"{compared} structs, {holes} holes compared with pahole, {bad} differ")
    return 1 if bad or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
