#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""figures.py REPORT.json KEY=VALUE ..: figures of a report of a program's heap. Loose ends are wrong in any case:
frees of unknown blocks, blocks handed out twice, refused frees. Keys: mallocs, frees, reallocs, zeroed, aligned,
leaked_blocks, events; VALUE may be a number or LOW..HIGH."""
import json
import sys

report = json.load(open(sys.argv[1]))
replay = report["trace"]["replay"]
figures = {**report["heap"], **report["heap"]["requests"], "events": report["trace"]["events"]}
bad = [f"{key} is {replay[key]}" for key in
       ("unmatched_object_free", "lost_object_free", "refused_free", "not_replayed") if replay[key]]
for want in sys.argv[2:]:
    key, value = want.split("=")
    low, _, high = value.partition("..")
    if not int(low) <= figures[key] <= int(high or low):
        bad.append(f"{key} is {figures[key]}, not {value}")
print("; ".join(bad))
sys.exit(bool(bad))
