#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mao beside the reference, alternately in one run, one thread each: values first, then CPU time, wall time, memory.

Run by scripts/bench, in the environment that it makes. Writes build/bench/ratios.csv (`name,ours,reference,ratio`) and
prints a fuller table as Markdown. A ratio is of the least CPU time of each side over the rounds; image_* are images a
second, saved_* bytes.
"""
import argparse
import csv
import dataclasses
import math
import os
import pathlib
import platform
import time

import numpy as np

import operations
import safetensors_file
import servers

OUT = servers.ROOT / "build/bench"
FEATURE_TOLERANCE = {"fp32": 1e-5, "bf16": 1.5e-2}   # relative, of features
GRADIENT_TOLERANCE = {"fp32": 5e-5}                  # relative, of the whole gradient; bf16 goes by the cosine
LEAST_COSINE = {"fp32": 1 - 1e-6, "bf16": 0.999}     # of the whole gradient
PIXEL_TOLERANCE = 0.031                              # two grey levels, for other versions of libjpeg


@dataclasses.dataclass
class Row:
    """A line of the table: what is asked of either side, and the least ratio."""

    name: str
    bar: float
    ours: dict
    reference: list  # cases whose times add up, as (case, classes)
    unit: str = "s"  # s, images/s or bytes
    scale: float = 1  # units of work in a run, for per-image times
    unchecked: str = ""  # why its values are not compared with the reference

    @property
    def precision(self):
        return self.ours.get("precision", "fp32")


def both(name, bars, ours, reference, **more):
    return [Row(f"{name}_{precision}", bar, ours | {"precision": precision}, reference, **more)
            for precision, bar in bars.items()]


def c500(bars):
    """Of the reference, as it is where 13 GB are free, else twice half as many classes: its time is one of tokens."""
    available = next(int(line.split()[1]) for line in pathlib.Path("/proc/meminfo").read_text().splitlines()
                     if line.startswith("MemAvailable"))
    if available > 15e6:
        return both("text_c500", bars, {"case": "text", "classes": 500}, [("text", 500)])
    return both("text_c500", bars, {"case": "text", "classes": 500}, [("text", 250)] * 2,
                unchecked="too little memory for the reference, which ran C = 250 twice")


def table():
    """The rows with bars, in the order of the project's table."""
    online = {"unchecked": "parts checked: the step, the pixels"}

    def case(name, **more):
        return {"case": name, "classes": 51} | more

    rows = both("text_c51", {"fp32": 20, "bf16": 75}, case("text"), [("text", 51)])
    rows += both("text_h32", {"fp32": 30, "bf16": 115}, case("text", candidates=32), [("text_subset", 51)])
    rows += c500({"bf16": 95})
    rows += both("coop_cached", {"fp32": 50, "bf16": 180}, case("coop_cached"), [("coop", 51)])
    rows += both("mao_cached", {"fp32": 75, "bf16": 280}, case("mao_cached"), [("mao", 51)])
    rows += both("coop_online", {"bf16": 7.5}, case("coop_online"), [("coop", 51), ("decode", 51)], **online)
    rows += both("mao_online", {"bf16": 7.5}, case("mao_online"), [("mao", 51), ("decode", 51)], **online)
    rows += both("maple", {"bf16": 6}, case("maple"), [("maple", 51)])
    rows += both("promptsrc", {"bf16": 8}, case("promptsrc"), [("promptsrc", 51)])
    rows += both("image", {"fp32": 1.25, "bf16": 5}, case("image"), [("image", 51)], unit="images/s", scale=32)
    rows += both("saved", {"fp32": 20, "bf16": 35}, case("text", saved=True), [("saved", 51)], unit="bytes")
    rows.append(Row("decode_pil", 1.7, {"case": "decode"}, [("decode", 51)], scale=32))
    return rows


def more_rows():
    """Measured by --all, without a bar."""
    rows = []
    for classes in (5, 98):
        rows += both(f"text_c{classes}", {"fp32": 0, "bf16": 0}, {"case": "text", "classes": classes}, [("text", classes)])
    rows += c500({"fp32": 0})
    rows += [dataclasses.replace(row, name=row.name.replace("bf16", "fp32"), bar=0, ours=row.ours | {"precision": "fp32"})
             for row in table() if row.name.startswith(("coop_online", "mao_online", "maple", "promptsrc"))]
    rows += both("mao_new_cached", {"fp32": 0, "bf16": 0}, {"case": "mao_new_cached", "classes": 51}, [("mao_new", 51)])
    rows += both("zero_shot", {"fp32": 0, "bf16": 0}, {"case": "zero_shot", "classes": 51}, [("zero_shot", 51)])
    return rows


class Comparison:
    """Asks both sides and keeps what they said."""

    def __init__(self, program, rows):
        self.ours, self.reference = servers.ours(program), servers.reference()
        self.rows = rows
        self.times = {}     # key of a case -> [reply]
        self.repeat = {}    # name of a row -> steps in a row, so that a measurement takes long enough
        self.checks = {}    # name of a row -> (passed, text)
        self.failed = {}    # name of a row -> message
        self.folder = OUT / "values"
        self.folder.mkdir(parents=True, exist_ok=True)

    def close(self):
        self.ours.close()
        self.reference.close()

    def note(self, key, reply):
        self.times.setdefault(key, []).append(reply)
        return reply

    def fail(self, rows, error):
        for row in rows:
            self.failed.setdefault(row.name, str(error))

    # -- values ---------------------------------------------------------------------------------------------------------

    def check_case(self, case, rows):
        """Round 0: one step of either side from the same start, compared in value. `rows` have this reference."""
        request, start = {"case": case[0], "classes": case[1]}, None
        for row in rows:
            start_path, values = self.folder / f"{row.name}.start", self.folder / f"{row.name}.ours"
            try:
                reply = self.ours.ask(**row.ours, start=str(start_path), values=str(values))
            except servers.CaseError as error:
                self.fail([row], error)
                continue
            self.repeat[row.name] = max(1, min(20, math.ceil(0.5 / max(reply["cpu"], 1e-3))))
            own = safetensors_file.read(values)
            if start is None:
                start = start_path
                if "boxes" in own:
                    request["boxes"] = own["boxes"].tolist()
                if safetensors_file.read(start):
                    request["start"] = str(start)
                path = self.folder / f"{case[0]}-{case[1]}.reference"
                try:
                    self.note(case, self.reference.ask(**request, values=str(path)))
                except servers.CaseError as error:
                    self.fail(rows, error)
                    return
                expected = safetensors_file.read(path)
            same = same_arrays(safetensors_file.read(start), safetensors_file.read(start_path))
            self.checks[row.name] = compare(own, expected, row.precision) if same else (False, "another start")

    # -- times ----------------------------------------------------------------------------------------------------------

    def measure_case(self, case, rows):
        self.note(case, self.reference.ask(case=case[0], classes=case[1]))
        for row in rows:
            self.measure_row(row)

    def measure_row(self, row):
        if row.name in self.failed:
            return
        try:
            if row.name not in self.repeat:  # a first run, for what is prepared once
                cpu = self.ours.ask(**row.ours)["cpu"]
                self.repeat[row.name] = max(1, min(20, math.ceil(0.5 / max(cpu, 1e-3))))
            self.note(row.name, self.ours.ask(**row.ours, repeat=self.repeat[row.name]))
        except servers.CaseError as error:
            self.fail([row], error)

    def measure_saved(self, rows):
        for row in rows:
            try:
                if row.reference[0] not in self.times:
                    self.note(row.reference[0], self.reference.ask(case="saved", classes=51))
                self.note(row.name, self.ours.ask(**row.ours))
            except servers.CaseError as error:
                self.fail([row], error)

    def run(self, rounds, seconds):
        """Values, then rounds until there are enough or the time is over; each case is measured once at least. Where time is
        short a reference that takes more than a minute is run for the values alone, so that the others get their rounds."""
        begin = time.monotonic()
        timed = [row for row in self.rows if row.unit != "bytes"]
        primary = {}  # the reference of a row that it is checked against, and measured beside
        for row in timed:
            primary.setdefault(row.reference[0], []).append(row)
        needed = {case for row in timed for case in row.reference}
        for case in sorted(needed, key=str):
            say(f"values: {case[0]}, {case[1]} classes")
            checked = [row for row in primary.get(case, []) if not row.unchecked]
            if checked:
                self.check_case(case, checked)
            for row in primary.get(case, []):
                if row.unchecked:
                    self.checks[row.name] = (True, row.unchecked)
        self.measure_saved([row for row in self.rows if row.unit == "bytes"])
        for turn in range(rounds):
            for case in sorted(needed, key=str):
                left = [row for row in primary.get(case, []) if row.name not in self.failed]
                if time.monotonic() - begin > seconds:
                    for row in left:
                        if row.name not in self.times:
                            self.measure_row(row)
                    continue
                if seconds < math.inf and case in self.times and self.least(case) > 60:
                    for row in left:
                        self.measure_row(row)
                    continue
                say(f"round {turn + 1} of {rounds}: {case[0]}, {case[1]} classes")
                try:
                    self.measure_case(case, left)
                except servers.CaseError as error:
                    self.fail(left, error)

    # -- results --------------------------------------------------------------------------------------------------------

    def least(self, key, field="cpu"):
        return min(reply[field] for reply in self.times[key])

    def most(self, key, field):
        return max(reply.get(field, 0) for reply in self.times[key])

    def result(self, row):
        """(ours, reference, ratio) in the row's unit; None where a side is missing."""
        if row.name in self.failed or row.name not in self.times or any(c not in self.times for c in row.reference):
            return None
        if row.unit == "bytes":
            ours, reference = self.least(row.name, "bytes"), self.least(row.reference[0], "bytes")
            return ours, reference, reference / max(1, ours)
        ours, reference = self.least(row.name), sum(self.least(case) for case in row.reference)
        if row.unit == "images/s":
            return row.scale / ours, row.scale / reference, reference / ours
        return ours / row.scale, reference / row.scale, reference / ours


def same_arrays(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def flat(arrays):
    return np.concatenate([arrays[name].astype(np.float64).ravel() for name in sorted(arrays)])


def compare(own, expected, precision):
    """(passed, text) for features, or for loss and gradient."""
    if "boxes" in own:
        worst = float(np.abs(own["features"] - expected["features"]).max())
        return worst <= PIXEL_TOLERANCE, f"pixels differ by {worst:.1e} at most"
    if "features" in own:
        error = np.linalg.norm(own["features"] - expected["features"]) / np.linalg.norm(expected["features"])
        return bool(error <= FEATURE_TOLERANCE[precision]), f"features {error:.1e}"
    names = [name for name in expected if name.startswith("grad.")]
    missing = [name for name in names if name not in own]
    if missing or len(own) != len(expected):
        return False, f"gradients of {sorted(set(own) ^ set(expected))[:3]} on one side alone"
    a, b = flat({name: own[name] for name in names}), flat({name: expected[name] for name in names})
    error, cosine = np.linalg.norm(a - b) / np.linalg.norm(b), a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    passed = cosine >= LEAST_COSINE[precision] and error <= GRADIENT_TOLERANCE.get(precision, 1)
    loss = abs(float(own["loss"]) - float(expected["loss"]))
    return bool(passed), f"gradient {error:.1e}, 1 - cosine {max(0.0, 1 - cosine):.1e}, loss {loss:.1e}"


def say(text):
    print(text, flush=True)


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def machine():
    model = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.processor())
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    has = [name for name, flag in (("AVX-512", "avx512f"), ("AVX-512 BF16", "avx512_bf16"), ("AMX bf16", "amx_bf16"))
           if flag in flags]
    return f"{model} ({', '.join(has) or 'no AVX-512'}), {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}"


def markdown(comparison):
    lines = ["| name | ours | reference | ratio | bar | | wall ours | wall reference | peak MB ours | reference | values |",
             "|---|---|---|---|---|---|---|---|---|---|---|"]
    for row in comparison.rows:
        result = comparison.result(row)
        if result is None:
            lines.append(f"| {row.name} | - | - | - | {row.bar}x | not measured: "
                         f"{comparison.failed.get(row.name, 'no time')} | | | | | |")
            continue
        ours, reference, ratio = result
        verdict = "" if row.bar == 0 else "pass" if ratio >= row.bar else "MISS"
        passed, text = comparison.checks.get(row.name, (True, ""))
        cells = [row.name, f"{number(ours)} {row.unit}", f"{number(reference)} {row.unit}", f"{ratio:.3g}x",
                 f"{row.bar}x" if row.bar else "", verdict]
        if row.unit == "bytes":
            cells += ["", "", "", ""]
        else:
            wall = sum(comparison.least(case, "wall") for case in row.reference)
            peak = max(comparison.most(case, "peak_mb") for case in row.reference)
            cells += [f"{comparison.least(row.name, 'wall') / row.scale:.3g} s", f"{wall / row.scale:.3g} s",
                      f"{comparison.most(row.name, 'peak_mb'):.0f}", f"{peak:.0f}"]
        lines.append("| " + " | ".join(cells + [text if passed else f"DIFFERENT: {text}"]) + " |")
    return "\n".join(lines)


def roofline(comparison):
    """Achieved rates over that of the best matrix product, for what has a fixed count of operations."""
    lines = ["| | operations | GF/s | of the GEMM peak |", "|---|---|---|---|"]
    for precision in ("fp32", "bf16"):
        peak = 0
        for case, label in (("gemm", "at::linear"), ("gemm_packed", "packed weights")):
            try:
                replies = [comparison.ours.ask(case=case, precision=precision, repeat=200) for _ in range(4)]
            except servers.CaseError:
                continue
            rate = operations.gemm() / min(reply["cpu"] for reply in replies) / 1e9
            peak = max(peak, rate)
            lines.append(f"| GEMM, {precision}, {label} | | {rate:.0f} | |")
        for name, work in (("text_c51", operations.text_step(51)), ("text_c500", operations.text_step(500)),
                           ("image", operations.image_features(32))):
            key = f"{name}_{precision}"
            if key in comparison.times:
                rate = work / comparison.least(key) / 1e9
                lines.append(f"| {key} | {work / 1e9:.1f} G | {rate:.0f} | {100 * rate / peak:.0f} % |")
    return "\n".join(lines)


def write_csv(path, comparison):
    """Rows that could not be measured are left out."""
    with open(f"{path}.new", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "ours", "reference", "ratio"])
        for row in comparison.rows:
            result = comparison.result(row)
            if result is not None:
                writer.writerow([row.name, *(f"{value:.6g}" for value in result)])
    os.replace(f"{path}.new", path)


def arguments_of():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=servers.ROOT / "build/release/bin/mao-bench", help="mao's side")
    parser.add_argument("--quick", action="store_true", help="three rounds or eleven minutes, whichever ends first")
    parser.add_argument("--all", action="store_true", help="also what has no bar")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="of the table; a prefix stands for all")
    parser.add_argument("--rounds", type=int, help="default: 5, with --quick 2 after that of the values")
    return parser.parse_args()


def main():
    arguments = arguments_of()
    rows = table() + (more_rows() if arguments.all or arguments.only else [])
    if arguments.only:
        rows = [row for row in rows if any(row.name.startswith(prefix) for prefix in arguments.only)]
        if not rows:
            raise SystemExit(f"ratios.py: no name begins with {' or '.join(arguments.only)}; there are "
                             + ", ".join(row.name for row in table() + more_rows()))
    say(f"machine: {machine()}")
    comparison = Comparison(arguments.program, rows)
    comparison.run(arguments.rounds or (2 if arguments.quick else 5), 660 if arguments.quick else math.inf)
    print(f"\n{markdown(comparison)}\n\n{roofline(comparison)}\n\nload at the end: {os.getloadavg()[0]:.1f}")
    comparison.close()
    write_csv(OUT / "ratios.csv", comparison)
    wrong = [name for name, (passed, _) in comparison.checks.items() if not passed]
    missed = [row.name for row in rows if (result := comparison.result(row)) and result[2] < row.bar]
    if wrong:
        raise SystemExit(f"ratios.py: not equal to the reference: {', '.join(wrong)}")
    print(f"below the bar: {', '.join(missed) or 'none'}")


if __name__ == "__main__":
    main()
