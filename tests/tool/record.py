#!/usr/bin/env python3
"""Prints a statistics record as a process on Cellar writes one, for the tests of the command.

    record.py [ZONES] [PATH=VALUE | PATH!]...

PATH is a field such as zones.2.item_size, VALUE is JSON; PATH! drops the field.
"""

import json
import sys


def zone(index):
    """Zones of 16, 32, 48... bytes; every eighth is one of runs, every fifth was never asked."""
    size, live = 16 * (index + 1), 100 + index
    if index % 5 == 4:
        live = 0
    run = index % 8 == 7
    slabs = (2 * live * size + 65535) // 65536 if live and not run else 0
    return {
        "name": f"malloc.{size}", "kind": "run" if run else "slab", "item_size": size,
        "requests": 10 * live, "live": live, "in_buckets": live // 4,
        "in_slabs": slabs * 65536 // size - live - live // 4 if slabs else 0,
        "slabs": slabs, "slab_bytes": slabs * 65536,
        "samples": live, "sampled_requested": live * (size - 4), "sampled_granted": live * size,
    }


def record(nzones):
    mib = 1 << 20
    return {
        "cellar_stats": 1, "version": "0.1.0", "pid": 4242, "ppid": 4241, "exe": "/usr/lib/gcc/cc1", "fit": "instant",
        "page_size": 4096, "granule": 65536, "peak_rss": 40 * mib, "wall_ns": 1234000000, "user_ns": 1200000000,
        "sys_ns": 34000000, "minor_faults": 9876, "threads": 1,
        "submaps": [{"base": "0x7f0000000000", "reserved": 1 << 36, "committed": 48 * mib}],
        "page_map": {"reserved": mib}, "meta": {"reserved": 64 * mib, "used": mib // 2},
        "arenas": [{
            "name": "heap", "fit": "instant", "quantum": 65536, "imported": 64 * mib, "allocated": 48 * mib,
            "free": 16 * mib, "free_below_top": 4 * mib, "largest_free_below_top": 3 * mib, "segments": 70,
            "free_segments": 5}],
        "zones": [zone(index) for index in range(nzones)],
        "huge": {"requests": 7, "live": 2, "live_bytes": 12 * mib, "cached": 1, "cached_bytes": 5 * mib},
        "fragmentation": {"internal": 0.081, "external": 0.25, "slab": 0.125, "cached": 0.0321},
    }


def place(value, path):
    """The container of the field, and the field's key in it."""
    *parents, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    for key in parents:
        value = value[key]
    return value, last


def main():
    arguments = sys.argv[1:]
    nzones = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 20
    value = record(nzones)
    for change in arguments:
        path, equals, text = change.partition("=")
        container, key = place(value, path if equals else path.rstrip("!"))
        if equals:
            container[key] = json.loads(text)
        else:
            del container[key]
    print(json.dumps(value))


main()
