# SPDX-License-Identifier: Apache-2.0
"""Where pip has put mao: the program, the C++ headers, the CMake files and the embedded models. There is no Python API."""

from pathlib import Path

PREFIX = Path(__file__).resolve().parent
CMAKE_DIR = PREFIX / "lib" / "cmake" / "mao"
