# SPDX-License-Identifier: GPL-2.0
"""Work for python3 over a recording (perf script's text) and a report (JSON):

    workload.py RECORDING REPORT DATABASE

Four threads parse, each its part of the lines, through a queue; the events go
into an sqlite3 database, its tables and sums come out; times are added up as
decimals; the report goes through json many times; two children of a fork work
on what the parent holds. Prints only what does not depend on who was first.
"""
import collections
import decimal
import hashlib
import json
import os
import queue
import re
import sqlite3
import sys
import threading

THREADS = 4
CHUNK = 2000
EVENT = re.compile(r"^\s*(\S.*?)\s+(\d+)\s+\[(\d+)\]\s+(\d+\.\d+):\s+(\S+): (.*)$")


def parse(lines):
    events = []
    for line in lines:
        match = EVENT.match(line)
        if match:
            task, pid, cpu, when, name, rest = match.groups()
            fields = dict(field.split("=", 1) for field in rest.split() if "=" in field)
            events.append((task, int(pid), int(cpu), when, name, fields.get("call_site"),
                           int(fields.get("bytes_req", 0)), json.dumps(fields)))
    return events


def worker(chunks, parsed):
    for number, lines in iter(chunks.get, None):
        parsed[number] = parse(lines)


def parse_in_threads(path):
    chunks, parsed = queue.Queue(maxsize=8), {}
    threads = [threading.Thread(target=worker, args=(chunks, parsed)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    with open(path, encoding="ascii", errors="replace") as recording:
        lines = recording.readlines()
    for number, start in enumerate(range(0, len(lines), CHUNK)):
        chunks.put((number, lines[start:start + CHUNK]))
    for _ in threads:
        chunks.put(None)
    for thread in threads:
        thread.join()
    return [event for number in sorted(parsed) for event in parsed[number]]


def store(events, path):
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE event(task, pid, cpu, time, name, site, bytes, fields)")
        database.executemany("INSERT INTO event VALUES (?,?,?,?,?,?,?,?)", events)
        database.execute("CREATE INDEX by_site ON event(site, bytes)")
        for row in database.execute("SELECT name, count(*), sum(bytes), max(bytes) FROM event GROUP BY name"):
            print(*row)
        for row in database.execute("SELECT site, count(*) AS n, total(bytes) FROM event "
                                    "WHERE site IS NOT NULL GROUP BY site ORDER BY n DESC, site LIMIT 20"):
            print(*row)
        for row in database.execute("SELECT e.site, count(*) FROM event e JOIN event f ON f.rowid = e.rowid + 1 "
                                    "AND f.site = e.site GROUP BY e.site ORDER BY 2 DESC, 1 LIMIT 10"):
            print(*row)
    database.close()


def add_times(events):
    decimal.getcontext().prec = 60
    total = decimal.Decimal(0)
    for event in events:
        total += decimal.Decimal(event[3]).sqrt()
    print("sum of the roots", total)
    print("the number e to 2000 digits", hashlib.sha256(digits_of_e(2000).encode()).hexdigest())


def digits_of_e(digits):
    with decimal.localcontext() as context:
        context.prec = digits + 10
        return str(+decimal.Decimal(1).exp())[:digits]


def through_json(events, report):
    text = json.dumps(events)
    again = json.loads(text)
    print("json", len(text), [tuple(event) for event in again] == events)
    with open(report, encoding="utf-8") as file:
        first = json.load(file)
    for indent in range(40):
        assert json.loads(json.dumps(first, indent=indent, sort_keys=True)) == first
    print("report", hashlib.sha256(json.dumps(first, sort_keys=True).encode()).hexdigest())


def in_children(events):
    for part in range(2):
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            sites = collections.Counter(event[5] for event in events[part::2])
            os.write(writer, json.dumps(sorted(sites.items(), key=str)[:20]).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            print("child", part, pipe.read().decode())
        print("status", os.waitpid(pid, 0)[1])


def main():
    recording, report, database = sys.argv[1:]
    events = parse_in_threads(recording)
    print("events", len(events))
    store(events, database)
    add_times(events)
    through_json(events, report)
    in_children(events)


main()
