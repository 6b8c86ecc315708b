#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A running program's report: its figures add up, and every key is documented."""
import json
import sys

report = json.load(open(sys.argv[1]))
doc = open(sys.argv[2]).read()
known = sys.argv[3] == "known"  # sizes asked for
groups = {"schema_version", "machine", "library", "memory", "internal", "external", "top", "counters",
          "ratio", "numerator", "denominator"}


def check(what, good):
    if not good:
        sys.exit(f"report: {what}")


def documented(node):
    if isinstance(node, list):
        for item in node:
            documented(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            check(f"docs/metrics.md has no {key}",
                  key in groups or key.startswith("node") or f"`{key}`" in doc or f".{key}`" in doc)
            if key != "counters":
                documented(value)


documented(report)
inside, now, lib = report["internal"], report["memory"]["end"], report["library"]
requested = inside["requested"] if known else inside["allocated"]
rounding = inside["rounding"] if known else 0
check("sizes are known, or are not", (inside["requested"] is not None) == known)
check("requested and the wastes are not what is held",
      requested + rounding + inside["free_objects"] + inside["slab_tails"] == inside["held"])
check("free and used are not all frames", now["free_pages"] + now["used_pages"] == now["managed_pages"])
check("blocks and slabs are not what is used", now["block_pages"] + now["slab_pages"] == now["used_pages"])
check("objects in stacks are not among the free ones", lib["waiting_bytes"] <= inside["free_objects"])
check("no object is live", now["live_objects"] > 0)
check("more asked for than allocated", now["requested"] <= now["allocated"])
check("a table's rows are more than all", sum(row["live_bytes"] for row in report["top"]["caches_by_bytes"])
      <= now["allocated"])
