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

# The rooms, in order: a header includes its own room and those before it. DESIGN section 5 says what each is for.
ROOMS = ["core", "io", "kernels", "data", "text", "models", "prompts", "backbones", "labelers", "sampling", "regularizers", "schedules",
         "optimizers", "parallel", "tuner", "evaluation", "embedded"]
# What a concept is may be asked anywhere. Kernels see core/ alone.
KERNELS = "kernels"
# Rooms that compile without ATen.
WITHOUT_ATEN = ["data", "sampling", "schedules", "evaluation"]
# A protocol drives a tuner, so it cannot; what it measures with (evaluation/metrics.hpp) does.
WITH_ATEN = ["evaluation/base_to_new.hpp", "sampling/text_tower_similarity.hpp"]
# torch/*.h costs a quarter of a minute a file; what LibTorch offers nowhere else is used here.
WITH_TORCH = ["parallel/c10d_workers.hpp", "parallel/detail/meeting_place.hpp"]
# Needs the CUDA toolkit's headers, so no test of every machine can include it.
WITH_CUDA = ["models/cuda_step_graph.hpp"]
# For tests of policies, not for programs.
FOR_TESTS = ["embedded/archetypes.hpp", "embedded/toy_model.hpp"]
# Headers of data members alone: nothing in them can be wrong by itself, the tests of those who fill them in check them.
WITHOUT_TEST = ["tuner/detail/reports.hpp"]
HEADER_LINES, LINE_LENGTH = 200, 120

INCLUDE_LINE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def room_of(header):
    """`data` for data/images.hpp, an empty string for mao.hpp itself."""
    return header.split("/")[0] if "/" in header else ""


def is_public(header):
    """What a user includes: not what stands in detail/, and no kernel."""
    return "/detail/" not in header and room_of(header) != KERNELS


class Tree:
    def __init__(self):
        self.failures, self.warnings = [], []
        self.text = {path.relative_to(INCLUDE).as_posix(): path.read_text(encoding="utf-8")
                     for path in sorted(INCLUDE.rglob("*.hpp"))}
        # The bodies that are compiled once, as room/impl/x.ipp or room/detail/impl/x.ipp.
        self.bodies = {path.relative_to(INCLUDE).as_posix(): path.read_text(encoding="utf-8") for path in sorted(INCLUDE.rglob("*.ipp"))}
        self.includes = {name: INCLUDE_LINE.findall(text) for name, text in (self.text | self.bodies).items()}

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

    def check_bodies(self):
        """A body includes its header first, and a header its body last, where bodies are not compiled once."""
        for body, text in self.bodies.items():
            header = body.replace("/impl/", "/").removesuffix(".ipp") + ".hpp"
            if header not in self.text:
                self.fail(body, f"is the body of no header; {header} does not exist")
            elif self.includes[body][:1] != [f"mao/{header}"]:
                self.fail(body, f"must include <mao/{header}> before all else")
            elif not self.text[header].endswith(f"#if !defined(MAO_SEPARATE_COMPILATION)\n#include <mao/{body}>\n#endif\n"):
                self.fail(header, f"must end with <mao/{body}>, unless MAO_SEPARATE_COMPILATION")

    def check_include_order(self):
        for header in self.includes:
            room = room_of(header)
            if room and room not in ROOMS:
                self.fail(header, f"{room}/ is no room of the library; the rooms are {', '.join(ROOMS)}")
            for name in self.includes[header]:
                if name.startswith("torch/") and header not in WITH_TORCH:
                    self.fail(header, f"includes <{name}>; include the ATen header that is needed")
                if name in ("ATen/ATen.h", "ATen/Functions.h"):
                    self.fail(header, f"includes <{name}>, which is all of ATen; include the single <ATen/ops/NAME.h>")
            for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', (self.text | self.bodies)[header], re.MULTILINE):
                self.fail(header, f'includes "{name}"; a header of the library includes <mao/...> alone')
            for name in self.own_includes(header):
                self.check_include(header, room, name)

    def check_include(self, header, room, name):
        other = room_of(name)
        if not (INCLUDE / name).exists():
            self.fail(header, f"includes <mao/{name}>, which does not exist")
        elif name == "mao.hpp":
            self.fail(header, "includes <mao/mao.hpp>, which is for users")
        elif header == UMBRELLA.name or other in ("", room) or room not in ROOMS or other not in ROOMS:
            return
        elif room == KERNELS and other != "core":
            self.fail(header, f"includes <mao/{name}>; kernels see core/ alone")
        elif ROOMS.index(other) > ROOMS.index(room):
            self.fail(header, f"includes <mao/{name}>; {other}/ comes after {room}/")

    def check_users(self):
        """Nothing in the library is there for the program alone: a header has a user in the library, the examples, the benchmarks or the
        code of the pages."""
        elsewhere = "".join(path.read_text(encoding="utf-8", errors="replace") for top in ("examples", "benchmarks", "tests/docs")
                            for path in sorted((ROOT / top).rglob("*.[ch]pp")))
        used = {name for file in self.includes if file != UMBRELLA.name for name in self.own_includes(file)
                if not (file.endswith(".ipp") and name.removesuffix(".hpp") == file.replace("/impl/", "/").removesuffix(".ipp"))}
        for header in self.text:
            if room_of(header) and header not in used and header not in WITH_CUDA and f"mao/{header}>" not in elsewhere:
                self.fail(header, "is used by nothing but the program; such a header belongs to tools/mao")

    def check_aten_free(self):
        for header in self.text:
            if room_of(header) not in WITHOUT_ATEN or header in WITH_ATEN:
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
            folder = room_of(header)
            if not folder or not is_public(header) or header in WITH_CUDA:
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
            self.fail(UMBRELLA.name, f"does not list the headers in the order of the rooms; differs in {', '.join(differing)}; "
                                     "scripts/check_tree.py --write-umbrella makes it anew")

    def umbrella_headers(self):
        """All headers for users in the order of the rooms, concepts first in each."""
        headers = [header for header in self.text if room_of(header) and is_public(header) and header not in WITH_CUDA + WITH_TORCH + FOR_TESTS]
        headers.sort(key=lambda header: (ROOMS.index(room_of(header)), not header.endswith("/concepts.hpp"), header))
        return ["version.hpp"] + headers

    def write_umbrella(self):
        lines = ["// SPDX-License-Identifier: Apache-2.0", "#pragma once", "/// \\file",
                 "/// Includes everything, folder by folder, for small programs. The library itself never includes it."]
        folder = None
        for header in self.umbrella_headers():
            if room_of(header) != folder:
                folder = room_of(header)
                lines += ["", f"// {folder}"] if folder else [""]
            lines.append(f"#include <mao/{header}>")
        UMBRELLA.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def check_text(self):
        suffixes = {".hpp", ".ipp", ".cuh", ".cu", ".cpp", ".py", ".cmake", ".md", ".txt"}
        for top in ("include", "tests", "examples", "benchmarks", "tools", "cmake", "scripts", "docs"):
            for path in sorted((ROOT / top).rglob("*")):
                if path.suffix in suffixes and path != Path(__file__).resolve():
                    self.check_file(path)
        for header, text in self.text.items():
            lines = text.count("\n")
            if lines > HEADER_LINES and header != UMBRELLA.name and is_public(header):
                self.warnings.append(f"include/mao/{header}: {lines} lines, meant to be {HEADER_LINES} at most")

    def check_file(self, path):
        name = path.relative_to(ROOT)
        too_long = []
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if re.search(r"\b(TODO|FIXME|XXX)\b", line):
                self.failures.append(f"{name}:{number}: unfinished work is not committed")
            if len(line) > LINE_LENGTH and path.suffix in {".hpp", ".ipp", ".cuh", ".cu", ".cpp"}:
                too_long.append(str(number))
        if too_long:
            self.warnings.append(f"{name}: more than {LINE_LENGTH} columns in line {', '.join(too_long)}")

    def check_tests(self):
        for header in self.text:
            room, name = room_of(header), Path(header).stem
            test = ROOT / "tests" / room / f"{name}.cpp"
            if not room or not is_public(header) or not test.exists():
                continue
            # With MAO_UNIT_LINES=1 each test is compiled alone, and its header is known to compile by itself.
            first = next(iter(INCLUDE_LINE.findall(test.read_text(encoding="utf-8"))), "")
            if first != f"mao/{header}":
                self.failures.append(f"{test.relative_to(ROOT)}: must include <mao/{header}> before all else")

    def check(self):
        self.check_opening()
        self.check_bodies()
        self.check_include_order()
        self.check_users()
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
