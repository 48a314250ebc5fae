#!/usr/bin/env python3
"""How long a command takes on many machines: `cowrace check PATH... --jobs 1 --format json | simulate.py [WORKERS]...`.

Deals scenarios out as `--shard` does, with the measured time of each in the place of its size, to as many parts as there are
workers; a worker takes one part. Adds START seconds for each worker, which it needs before it begins.
"""

import json
import sys

START = 0.05


def makespan(seconds, workers):
    """The time of the worker that ends last."""
    sums = [0.0] * workers
    for each in sorted(seconds, reverse=True):
        least = min(range(workers), key=sums.__getitem__)
        sums[least] += each
    return START + max(sums)


def main():
    workers = [int(each) for each in sys.argv[1:]] or [1, 2, 4, 8, 64, 1024]
    seconds = {}
    for line in sys.stdin:
        report = json.loads(line)
        seconds[report["scenario"]] = seconds.get(report["scenario"], 0.0) + report["seconds"]
    alone = makespan(seconds.values(), 1)
    largest = max(seconds, key=seconds.get)
    print(f"{len(seconds)} scenarios, {alone:.2f} s; the largest is {largest}, {seconds[largest]:.2f} s")
    for each in workers:
        least = makespan(seconds.values(), each)
        print(f"{each:5} workers: {least:6.2f} s, {alone / least:4.1f} times as fast")


main()
