#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A second reader of .kmt files, written from docs/kmt.md alone: prints a line an event or access.

usage: kmt_reader.py FILE     (unpacks with the zstd program)
"""
import json
import subprocess
import sys
import zlib


class Bytes:
    """A walk over bytes."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def more(self):
        return self.at < len(self.data)

    def take(self, count):
        piece = self.data[self.at:self.at + count]
        if len(piece) < count:
            raise ValueError("too short")
        self.at += count
        return piece

    def number(self, count):
        return int.from_bytes(self.take(count), "little")

    def varint(self):
        value = shift = 0
        while True:
            byte = self.number(1)
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def zigzag(self):
        return unzigzag(self.varint())


def unzigzag(value):
    return value // 2 if value % 2 == 0 else -(value + 1) // 2


def unpack(payload):
    return subprocess.run(["zstd", "-dcq"], input=payload, stdout=subprocess.PIPE, check=True).stdout


def chunks(data):
    """Yields (type, records, first time, payload) of each chunk, which must be whole."""
    file = Bytes(data)
    head = file.take(12)
    if head[:8] != b"\x89KMT\r\n\x1a\n" or file.number(4) != zlib.crc32(head):
        raise ValueError("no .kmt file")
    while True:
        start = file.at
        head = file.take(52)
        if file.number(4) != zlib.crc32(head):
            raise ValueError("a chunk's header is damaged")
        fields = Bytes(head)
        mark, records = fields.take(4), fields.number(4)
        fields.take(24)
        time, packed, plain, crc = fields.number(8), fields.number(4), fields.number(4), fields.number(4)
        payload = file.take(packed)
        if mark[:3] != b"KMT" or zlib.crc32(payload) != crc:
            raise ValueError("a chunk is damaged")
        payload = unpack(payload)
        if len(payload) != plain:
            raise ValueError("a chunk has another size")
        yield chr(mark[3]), records, time, payload
        if mark[3:] == b"X":
            if file.number(8) != start or file.take(8) != b"KMTEND\r\n":
                raise ValueError("the file's end is damaged")
            return


SHAPE = ("kind", "site", "cache", "stack", "req", "alloc", "second", "gfp", "node", "order", "migratetype",
         "flags", "arg", "context", "depth")


def events(records, time, payload):
    data = Bytes(payload)
    (strings, stacks, shapes, tasks, _, shape_low, shape_high, task_low, task_high, time_low, time_high,
     back_low, back_high, long_times, fresh, second) = (Bytes(data.take(data.number(4))) for _ in range(16))
    text = [b""] + strings.data.split(b"\0")
    chain, shape, task, follows, last_fresh, addresses = [[]], [], [], {}, {}, []
    while stacks.more():
        chain.append([text[stacks.varint()] for _ in range(stacks.varint())])
    while shapes.more():
        one = dict((name, shapes.varint()) for name in SHAPE)
        one["node"], one["arg"] = unzigzag(one["node"]), unzigzag(one["arg"])
        shape.append(one)
    while tasks.more():
        task.append((tasks.zigzag(), text[tasks.varint()], tasks.varint()))
    last = 0
    for i in range(records):
        def column(low, high):
            return low.data[i] + 256 * high.data[i]
        code = column(shape_low, shape_high)
        number = code - 1 if code else follows[last]
        follows[last] = number
        last = number
        since = column(time_low, time_high)
        time += unzigzag(long_times.varint() if since == 65535 else since)
        back = column(back_low, back_high)
        if back:
            address = addresses[i - back]
        else:
            address = last_fresh[number] = (last_fresh.get(number, 0) + fresh.zigzag()) % 2 ** 64
        addresses.append(address)
        one = dict(shape[number])
        one["address"] = second.varint() if one["second"] else 0
        yield time, task[column(task_low, task_high)], one, address, text, chain


def accesses(records, payload):
    """Yields (events before it, kind, address, size, thread) of each access."""
    data = Bytes(payload)
    (forms, lengths, template_forms, starts, slots, places, threads, low, high, near, wide16, wide32,
     wide64) = (Bytes(data.take(data.number(4))) for _ in range(13))
    form, templates, start, slot = [], [], 0, 0
    while forms.more():
        form.append(divmod(forms.varint(), 4))
    while lengths.more():
        template, after = [], None
        for number in template_forms.take(lengths.number(1)):
            size, kind = form[number]
            if kind == 0:
                if after is None:
                    start = after = (start + starts.zigzag()) % 2 ** 64
                template.append([kind, after, size])
                after = (after + size) % 2 ** 64
            else:
                slot = (slot + slots.zigzag()) % 2 ** 64
                template.append([kind, slot, size])
        templates.append(template)

    def marks(section):
        at = 0
        while section.more():
            at += section.varint()
            yield at, section.varint()

    events, thread, changes, moves = 0, 0, dict(marks(threads)), dict(marks(places))
    done = 0
    while done < records:
        for access in templates[low.number(1) + 256 * high.number(1)]:
            kind, address, size = access
            if kind:
                distance = near.number(1)
                if distance >= 253:
                    distance = {253: wide16, 254: wide32, 255: wide64}[distance].number({253: 2, 254: 4, 255: 8}[distance])
                address = access[1] = (address + unzigzag(distance)) % 2 ** 64
            events += moves.get(done, 0)
            thread = changes.get(done, thread)
            done += 1
            yield events, "ILSM"[kind], address, size, thread


def show(data):
    count = accessed = 0
    total = None
    for kind, records, time, payload in chunks(data):
        if kind == "S":
            total = json.loads(payload)["events"]
        if kind == "A":
            for events_before, what, address, size, thread in accesses(records, payload):
                accessed += 1
                print(what, events_before, "%#x" % address, size, thread, sep="|")
        if kind != "E":
            continue
        for when, (pid, comm, cpu), one, address, text, chain in events(records, time, payload):
            count += 1
            print(when, pid, comm.decode("latin-1"), cpu, text[one["kind"]].decode(), "%#x" % address,
                  "%#x" % one["address"], text[one["site"]].decode("latin-1"), text[one["cache"]].decode("latin-1"),
                  *(one[name] for name in SHAPE[4:6] + SHAPE[7:]),
                  ";".join(frame.decode("latin-1") for frame in chain[one["stack"]]), sep="|")
    if total != count:
        raise ValueError("the summary says %s events, there are %d" % (total, count))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], "rb") as file:
        show(file.read())
