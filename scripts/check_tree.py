#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the rules about the tree that no compiler checks. CONTRIBUTING.md says why they are.

usage: scripts/check_tree.py [--report | --write-umbrella]

  --report          print everything, but exit with 0
  --write-umbrella  write include/mao/mao.hpp anew from the headers that exist
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include" / "mao"
UMBRELLA = INCLUDE / "mao.hpp"

# The stages of the data flow. A header includes core/, any concepts.hpp, and folders to its left.
FLOW = ["core", "data", "text", "clip", "sampling", "prompts", "backbones", "regularizers", "schedules", "tuner", "evaluation",
        "report"]
# Folders beside the flow, which may include all of it.
BESIDE = ["cuda", "interop", "testing"]
# Folders that must compile without ATen.
WITHOUT_ATEN = ["data", "sampling", "schedules", "evaluation", "report"]
# A protocol drives a tuner, so it cannot; what it measures with (evaluation/metrics.hpp) does.
WITH_ATEN = ["evaluation/base_to_new.hpp"]
# Headers of data members alone: nothing in them can be wrong by itself, the tests of those who fill them in check them.
WITHOUT_TEST = ["tuner/reports.hpp"]
HEADER_LINES, LINE_LENGTH = 200, 120

INCLUDE_LINE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def folder_of(header):
    """`data` for data/images.hpp, an empty string for mao.hpp itself."""
    return header.split("/")[0] if "/" in header else ""


class Tree:
    def __init__(self):
        self.failures, self.warnings = [], []
        self.text = {path.relative_to(INCLUDE).as_posix(): path.read_text(encoding="utf-8")
                     for path in sorted(INCLUDE.rglob("*.hpp"))}
        self.includes = {header: INCLUDE_LINE.findall(text) for header, text in self.text.items()}

    def fail(self, header, message):
        self.failures.append(f"include/mao/{header}: {message}")

    def own_includes(self, header):
        """The mao headers that `header` includes, relative to include/mao."""
        return [name.removeprefix("mao/") for name in self.includes.get(header, []) if name.startswith("mao/")]

    def check_opening(self):
        for header, text in self.text.items():
            if not text.startswith("// SPDX-License-Identifier: Apache-2.0\n"):
                self.fail(header, "must start with the SPDX line")
            if "\n#pragma once\n" not in text:
                self.fail(header, "lacks #pragma once")
            if "/// \\file" not in text:
                self.fail(header, "lacks a `/// \\file` comment that says what the header is")

    def check_include_order(self):
        for header in self.text:
            folder = folder_of(header)
            if folder and folder not in FLOW + BESIDE:
                self.fail(header, f"folder {folder}/ is no stage of the flow ({', '.join(FLOW)}) and not beside it ({', '.join(BESIDE)})")
            for name in self.includes[header]:
                if name.startswith("torch/") and folder != "interop":
                    self.fail(header, f"includes <{name}>; only interop/ may, include the ATen header that is needed")
                if name in ("ATen/ATen.h", "ATen/Functions.h"):
                    self.fail(header, f"includes <{name}>, which is all of ATen; include the single <ATen/ops/NAME.h>")
            for name in self.own_includes(header):
                self.check_include(header, folder, name)

    def check_include(self, header, folder, name):
        other = folder_of(name)
        if name not in self.text and not (INCLUDE / name).exists():
            self.fail(header, f"includes <mao/{name}>, which does not exist")
        elif name == "mao.hpp":
            self.fail(header, "includes <mao/mao.hpp>, which is for users")
        elif header == UMBRELLA.name or folder in BESIDE or other in ("", "core", folder) or name.endswith("/concepts.hpp"):
            return
        elif other in BESIDE:
            # A stage may use a kernel of its own, but nothing made for tests.
            if other != "cuda":
                self.fail(header, f"includes <mao/{name}>; the library does not depend on {other}/")
        elif folder in FLOW and FLOW.index(other) > FLOW.index(folder):
            self.fail(header, f"includes <mao/{name}>, a stage to its right ({folder} comes before {other})")

    def check_aten_free(self):
        for header in self.text:
            if folder_of(header) not in WITHOUT_ATEN or header in WITH_ATEN:
                continue
            path = self.path_to_aten(header, [])
            if path:
                self.fail(header, f"needs ATen through {' -> '.join(path)}")

    def path_to_aten(self, header, seen):
        if header in seen:
            return None
        for name in self.includes.get(header, []):
            if name.startswith(("ATen/", "c10/", "torch/")):
                return [f"<{name}>"]
        for name in self.own_includes(header):
            path = self.path_to_aten(name, seen + [header])
            if path:
                return [name] + path
        return None

    def check_mirror(self):
        concept_tests = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests" / "concepts").glob("*.cpp")))
        pages = {}
        for header in self.text:
            folder = folder_of(header)
            if not folder:
                continue
            test = ROOT / "tests" / Path(header).with_suffix(".cpp")
            tested_together = header.endswith("/concepts.hpp") and f"<mao/{header}>" in concept_tests
            if not test.exists() and not tested_together and header not in WITHOUT_TEST:
                self.fail(header, f"has no test {test.relative_to(ROOT)}")
            page = ROOT / "docs" / "reference" / f"{folder}.md"
            if folder not in pages:
                pages[folder] = page.read_text(encoding="utf-8") if page.exists() else ""
            if header not in pages[folder]:
                self.fail(header, f"is not mentioned in {page.relative_to(ROOT)}")

    def check_umbrella(self):
        if not UMBRELLA.exists():
            self.failures.append("include/mao/mao.hpp is missing; scripts/check_tree.py --write-umbrella makes it")
        elif self.own_includes(UMBRELLA.name) != self.umbrella_headers():
            expected, found = self.umbrella_headers(), self.own_includes(UMBRELLA.name)
            differing = sorted(set(expected) ^ set(found)) or ["(only the order)"]
            self.fail(UMBRELLA.name, f"does not list the headers in flow order; differs in {', '.join(differing)}; "
                                     "scripts/check_tree.py --write-umbrella makes it anew")

    def umbrella_headers(self):
        """All headers for users in the order of the flow, concepts first in each folder."""
        headers = [header for header in self.text if folder_of(header) in FLOW]
        headers.sort(key=lambda header: (FLOW.index(folder_of(header)), not header.endswith("/concepts.hpp"), header))
        return ["version.hpp"] + headers

    def write_umbrella(self):
        lines = ["// SPDX-License-Identifier: Apache-2.0", "#pragma once", "/// \\file",
                 "/// Everything, in the order of the data flow: a map, and for small programs. The library itself never includes it."]
        folder = None
        for header in self.umbrella_headers():
            if folder_of(header) != folder:
                folder = folder_of(header)
                lines += ["", f"// {folder}"] if folder else [""]
            lines.append(f"#include <mao/{header}>")
        UMBRELLA.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def check_text(self):
        suffixes = {".hpp", ".cuh", ".cu", ".cpp", ".py", ".cmake", ".md", ".txt"}
        for top in ("include", "tests", "examples", "benchmarks", "tools", "cmake", "scripts", "docs"):
            for path in sorted((ROOT / top).rglob("*")):
                if path.suffix in suffixes and path != Path(__file__).resolve():
                    self.check_file(path)
        for header, text in self.text.items():
            lines = text.count("\n")
            if lines > HEADER_LINES and header != UMBRELLA.name:
                self.warnings.append(f"include/mao/{header}: {lines} lines, meant to be {HEADER_LINES} at most")

    def check_file(self, path):
        name = path.relative_to(ROOT)
        too_long = []
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if re.search(r"\b(TODO|FIXME|XXX)\b", line):
                self.failures.append(f"{name}:{number}: unfinished work is not committed")
            if len(line) > LINE_LENGTH and path.suffix in {".hpp", ".cuh", ".cu", ".cpp"}:
                too_long.append(str(number))
        if too_long:
            self.warnings.append(f"{name}: more than {LINE_LENGTH} columns in line {', '.join(too_long)}")

    def check_tests(self):
        for path in sorted((ROOT / "tests").rglob("*.cpp")):
            folder = path.relative_to(ROOT / "tests").parts[0]
            header = path.relative_to(ROOT / "tests").with_suffix(".hpp").as_posix()
            if folder not in FLOW + BESIDE:
                continue
            if header not in self.text:
                self.warnings.append(f"{path.relative_to(ROOT)}: tests no header of that name")
                continue
            # A header that comes first in some source is known to compile by itself.
            first = next(iter(INCLUDE_LINE.findall(path.read_text(encoding="utf-8"))), "")
            if first != f"mao/{header}":
                self.failures.append(f"{path.relative_to(ROOT)}: must include <mao/{header}> before all else")

    def check(self):
        self.check_opening()
        self.check_include_order()
        self.check_aten_free()
        self.check_mirror()
        self.check_umbrella()
        self.check_tests()
        self.check_text()


def main(arguments):
    if any(argument not in ("--report", "--write-umbrella") for argument in arguments):
        print(__doc__.strip())
        return 0 if arguments[0] in ("-h", "--help") else 2
    tree = Tree()
    if "--write-umbrella" in arguments:
        tree.write_umbrella()
        return 0
    tree.check()
    for warning in tree.warnings:
        print(f"warning: {warning}")
    for failure in tree.failures:
        print(f"error: {failure}")
    print(f"{len(tree.text)} headers, {len(tree.failures)} errors, {len(tree.warnings)} warnings")
    return 1 if tree.failures and "--report" not in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
