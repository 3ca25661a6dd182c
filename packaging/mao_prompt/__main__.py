# SPDX-License-Identifier: Apache-2.0
"""python -m mao_prompt --cmake-dir: the folders of mao, for build scripts."""

import argparse
from importlib.metadata import version

from . import CMAKE_DIR, PREFIX


def main():
    parser = argparse.ArgumentParser(prog="python -m mao_prompt", description="Prints where mao is. The program itself is `mao`.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--cmake-dir", action="store_const", const=CMAKE_DIR, dest="what", help="the folder of mao-config.cmake, for CMAKE_PREFIX_PATH")
    what.add_argument("--prefix", action="store_const", const=PREFIX, dest="what", help="the folder of bin, include, lib and share")
    what.add_argument("--version", action="store_const", const=version("mao_prompt"), dest="what", help="the version of mao")
    print(parser.parse_args().what)


if __name__ == "__main__":
    main()
