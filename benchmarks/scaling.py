#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How a step grows with classes, images, prompt depth, threads and the memory limit: build/bench/scaling.csv and scaling.svg.

Run by `scripts/bench scaling`. CPU milliseconds at one thread, the least of three; wall milliseconds for threads; for the
limit also the peak memory in MB over what was there.
"""
import argparse
import csv
import math
import os

import charts
import servers

OUT = servers.ROOT / "build/bench"
CLASSES, LARGEST_REFERENCE = [5, 51, 98, 250, 500, 1000], 98
IMAGES, DEPTHS = [1, 2, 4, 8, 16, 32], [1, 3, 6, 9, 12]
LIMITS = [16, 64, 256, 0]  # MiB, 0: none


def series():
    """(panel, title, what is varied, its values, request, clock)"""
    processors = os.cpu_count() or 1
    threads = [count for count in (1, 2, 4, 8, 16, 32) if count <= processors]
    return [("classes", "text step, ms, by classes", "classes", CLASSES, {"case": "text"}, "cpu"),
            ("images", "image features, ms, by images", "images", IMAGES, {"case": "image"}, "cpu"),
            ("depth", "MaPLe step, 4 images, ms, by depth", "depth", DEPTHS, {"case": "maple", "images": 4}, "cpu"),
            ("threads-text", "text step, C = 51, wall ms, by threads", "threads", threads, {"case": "text"}, "wall"),
            ("threads-image", "8 images, wall ms, by threads", "threads", threads, {"case": "image", "images": 8},
             "wall"),
            ("limit", "text step, 1,000 classes, ms, by limit in MiB (0: none)", "limit_mib", LIMITS,
             {"case": "text", "classes": 1000}, "cpu"),
            ("limit-memory", "the same, peak MB", "limit_mib", LIMITS, {"case": "text", "classes": 1000}, "peak_mb")]


def least(server, request, clock, rounds):
    """Milliseconds or MB, or None where that side cannot run it."""
    try:
        first = server.ask(**request, forget=True)
        if clock == "peak_mb":
            return first[clock]
        return 1000 * min(server.ask(**request)[clock] for _ in range(rounds))
    except servers.CaseError as error:
        print(f"{request}: {error}", flush=True)
        return None


def measure(arguments):
    """Rows (panel, value, side, milliseconds)."""
    ours, rows = servers.ours(arguments.program, many_threads=True), []
    reference = servers.reference() if arguments.reference else None
    for panel, _, what, values, request, clock in series():
        for value in values:
            rows += [(panel, value, precision,
                      least(ours, request | {what: value, "precision": precision}, clock, arguments.rounds))
                     for precision in ("fp32", "bf16")]
            if reference and panel in ("classes", "images") and (what != "classes" or value <= LARGEST_REFERENCE):
                rows.append((panel, value, "reference", least(reference, request | {what: value}, clock, 1)))
            print(panel, value, *(f"{side} {found:.4g}" for *at, side, found in rows
                                  if found is not None and at == [panel, value]), flush=True)
    ours.close()
    return [row for row in rows if row[3] is not None]


def milliseconds(exponent):
    value = 10 ** exponent
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def figure(rows):
    found = {row[:3]: math.log10(row[3]) for row in rows}
    panels = []
    for panel, title, _, values, _, _ in series():
        curves = [(side, colour, [found.get((panel, value, side)) for value in values])
                  for side, colour in (("fp32", charts.BLUE), ("bf16", charts.GREEN), ("reference", charts.ORANGE))]
        panels.append(charts.panel(title, values, curves, 60, margin=0.1, label_of=milliseconds))
    return charts.grid(panels)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=servers.ROOT / "build/release/bin/mao-bench", help="mao's side")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reference", action="store_true", help="the reference too, where it takes seconds, not minutes")
    arguments = parser.parse_args()
    rows = measure(arguments)
    with open(OUT / "scaling.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["panel", "value", "side", "milliseconds or MB"])
        writer.writerows((*row[:3], f"{row[3]:.4g}") for row in rows)
    (OUT / "scaling.svg").write_text(figure(rows), encoding="utf-8")
    print(f"wrote {OUT / 'scaling.csv'} and scaling.svg")


if __name__ == "__main__":
    main()
