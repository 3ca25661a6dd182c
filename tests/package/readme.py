#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the blocks of README.md against an installed mao, as a reader would.

usage: tests/package/readme.py --prefix PREFIX --work FOLDER [--no-program] README

The C++ block becomes quickstart.cpp, the CMake block CMakeLists.txt, /opt/mao is PREFIX. The commands run one after another in
one folder. Left out are scripts/ (they set a machine up), what needs weights or photographs that cannot be shipped, and the
installation itself, which has made PREFIX. --no-program also leaves out the commands of the program, and compiles without
optimising: the headers of a second PREFIX are the same, and only whether they are all there is new.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Files of the reader's own.
OWN_FILES = ("ViT-B-16.pt", "photo.jpg", "WEIGHTS")


def commands_of(blocks):
    """The commands of the shell blocks, continued lines joined, without comments."""
    for language, body in blocks:
        if language == "sh":
            for line in body.replace("\\\n", " ").splitlines():
                command = re.sub(r"\s+#.*", "", line).strip()
                if command:
                    yield command


def is_left_out(command, with_program):
    name = command.split()[0]
    return (name.startswith("scripts/") or name == "export" or command.startswith("cmake --install")
            or any(file in command for file in OWN_FILES) or (name == "mao" and not with_program))


def run(command, folder, environment):
    print(f"$ {command}", flush=True)
    result = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    print(result.stdout[-3000:] + result.stderr[-3000:], flush=True)
    if result.returncode != 0:
        sys.exit(f"README.md: `{command}` ended with {result.returncode}")
    return result.stdout


def without_numbers(line):
    """A line of output as any machine prints it: results differ by rounding."""
    return re.sub(r"[-+\d. ]+", " ", line).strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prefix", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--no-program", action="store_true")
    parser.add_argument("readme", type=Path)
    arguments = parser.parse_args()
    text = arguments.readme.read_text(encoding="utf-8")
    blocks = BLOCK.findall(text)
    shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True)
    for language, name in (("cpp", "quickstart.cpp"), ("cmake", "CMakeLists.txt")):
        (body,) = [body for found, body in blocks if found == language]
        (arguments.work / name).write_text(body, encoding="utf-8")

    with_program = not arguments.no_program and (arguments.prefix / "bin/mao").exists()
    environment = dict(os.environ, PATH=f"{arguments.prefix / 'bin'}:{os.environ['PATH']}")
    output, ran = "", 0
    for command in commands_of(blocks):
        if not is_left_out(command, with_program):
            command = command.replace("/opt/mao", str(arguments.prefix))
            if arguments.no_program:
                command = command.replace("-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_BUILD_TYPE=None")
            output += run(command, arguments.work, environment)
            ran += 1
    if "CoOp     Base" not in output:
        sys.exit("README.md: the program of its C++ block did not print its results")
    printed = {without_numbers(line) for line in output.splitlines()}
    for line in [line for language, body in blocks if language == "text" and with_program for line in body.splitlines()]:
        if without_numbers(line) not in printed:
            sys.exit(f"README.md shows an output that no command printed: {line}")
    print(f"README.md: {ran} commands ran")


if __name__ == "__main__":
    main()
