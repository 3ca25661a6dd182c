#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The ablations of the MAO paper (Tables 4, 5, 8, Figure 4) on one task: a Markdown table and an SVG figure.

    benchmarks/ablations.py --data shifted --table docs/ablations-shifted.md --figure docs/ablations-shifted.svg
"""
import argparse

import runs

SHOTS = [1, 2, 4, 8, 16, 32]
TOP_K = [2, 4, 8, 16]


def wanted(learner, most_shots):
    """Options of every run, by name."""
    base = ["--learner", learner]
    all_runs = {"plain": base, "plain, 2x epochs": base + ["--epochs", "40"],
                "base step only": base + ["--mao", "--steps", "base"],
                "new step only": base + ["--mao", "--steps", "new"], "full": base + ["--mao"],
                "full, labels of the tuned prompt": base + ["--mao", "--labeler", "tuned"]}
    for k in TOP_K:
        all_runs[f"K = {k}"] = base + ["--mao", "--batch", str(max(1, 32 // k)), "--k", str(k)]
    for shots in SHOTS:
        if shots <= most_shots:
            all_runs[f"plain, {shots} shots"] = base + ["--shots", str(shots)]
            all_runs[f"full, {shots} shots"] = base + ["--mao", "--shots", str(shots)]
    return all_runs


def curve(points, left, right, low, high, top, bottom, colour, label):
    """A polyline of (x position 0..1, value) with its label at the end."""
    def place(x, value):
        return left + x * (right - left), bottom - (value - low) / (high - low) * (bottom - top)

    places = [place(x, value) for x, value in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)
    x, y = places[-1]
    return (f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'
            f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" fill="{colour}">{label}</text>')


def panel(title, ticks, curves, left):
    """Axes with one tick a setting and H upwards. `curves`: (label, colour, values by tick, None where missing)."""
    top, bottom, right = 40, 220, left + 250
    values = [value for _, _, series in curves for value in series if value is not None]
    if not values:
        return ""
    low, high = min(values) - 0.5, max(values) + 0.5
    parts = [f'<text x="{left}" y="24" font-weight="bold" fill="currentColor">{title}</text>',
             f'<path d="M{left},{top} V{bottom} H{right}" fill="none" stroke="currentColor"/>']
    for step in range(5):
        value = low + (high - low) * step / 4
        y = bottom - (bottom - top) * step / 4
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" fill="currentColor">{value:.1f}</text>')
    for index, tick in enumerate(ticks):
        x = left + (right - left) * index / max(1, len(ticks) - 1)
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle" fill="currentColor">{tick}</text>')
    for label, colour, series in curves:
        points = [(i / max(1, len(ticks) - 1), v) for i, v in enumerate(series) if v is not None]
        if points:
            parts.append(curve(points, left, right, low, high, top, bottom, colour, label))
    return "".join(parts)


def figure(found, learner):
    def h(name):
        return found[name]["paper"]["h"] if found.get(name) else None

    shots = [s for s in SHOTS if f"full, {s} shots" in found]
    body = panel("H by shots a class", shots,
                 [(learner, "#c2571a", [h(f"plain, {s} shots") for s in shots]),
                  ("+ MAO", "#1a6fc2", [h(f"full, {s} shots") for s in shots])], 60)
    body += panel("H by top-K", TOP_K, [("+ MAO", "#1a6fc2", [h(f"K = {k}") for k in TOP_K])], 440)
    return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 780 260" font-family="sans-serif" font-size="12" '
            f'color="#444">{body}</svg>\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    runs.add_arguments(parser)
    parser.add_argument("--learner", default="coop")
    parser.add_argument("--most-shots", type=int, default=32, help="training images a class that the task has")
    parser.add_argument("--table", help="file for the table (default: standard output)")
    parser.add_argument("--figure", help="SVG file")
    arguments = parser.parse_args()
    found = runs.results(arguments, wanted(arguments.learner, arguments.most_shots))
    lines = [runs.HEADER]
    first = next((result for result in found.values() if result), None)
    if first:
        lines.append(runs.row("zero-shot", first["zero_shot"]))
    lines += [runs.row(name, result["paper"]) for name, result in found.items() if result]
    table = "\n".join(lines) + "\n"
    if arguments.table:
        with open(arguments.table, "w", encoding="utf-8") as file:
            file.write(table)
    else:
        print(table, end="")
    if arguments.figure:
        with open(arguments.figure, "w", encoding="utf-8") as file:
            file.write(figure(found, arguments.learner))


if __name__ == "__main__":
    main()
