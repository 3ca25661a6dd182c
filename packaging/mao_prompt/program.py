# SPDX-License-Identifier: Apache-2.0
"""The command `mao`: starts the program with the LibTorch of the Python package torch."""

import os
import sys
from importlib.util import find_spec

from . import PREFIX


def environment():
    """The program looks for torch beside mao_prompt; an environment that takes torch from elsewhere is told where."""
    spec = find_spec("torch")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("mao: the Python package torch is not installed, and its LibTorch runs mao; "
                 "`pip install mao_prompt` installs the version that fits")
    torch = os.path.realpath(spec.submodule_search_locations[0])
    if torch == os.path.realpath(PREFIX.parent / "torch"):
        return dict(os.environ)
    before = os.environ.get("LD_LIBRARY_PATH")
    return {**os.environ, "LD_LIBRARY_PATH": os.path.join(torch, "lib") + (":" + before if before else "")}


def main():
    program = str(PREFIX / "bin" / "mao")
    os.execve(program, ["mao", *sys.argv[1:]], environment())


if __name__ == "__main__":
    main()
