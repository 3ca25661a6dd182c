#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests the parts of packaging/ that need no build and no network; scripts/check-wheel tests the wheel itself.

usage: tests/package/wheel.py SOURCE VERSION
"""

import base64
import hashlib
import os
import stat
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

SOURCE, VERSION = Path(sys.argv[1]), sys.argv[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCE / "packaging"))
import backend  # noqa: E402


class Wheel(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name)
        self.addCleanup(self.temporary.cleanup)

    def torch(self, folder, version):
        folder.mkdir(parents=True)
        (folder / "version.py").write_text(f"__version__ = '{version}'\n", encoding="utf-8")
        (folder / "__init__.py").touch()
        return folder

    def test_version_is_that_of_the_header(self):
        self.assertEqual(backend.version(), VERSION)

    def test_torch_is_required_in_the_minor_version_of_the_build(self):
        release = backend.torch_release(self.torch(self.folder / "torch", "2.11.0+cu130"))
        self.assertIn("Requires-Dist: torch==2.11.*\n", backend.metadata(release))

    def test_a_libtorch_that_is_no_package_is_refused(self):
        with self.assertRaisesRegex(SystemExit, "not that of a Python package torch.*LIBTORCH_ROOT"):
            backend.torch_release(self.folder)

    def test_record_has_every_file_with_its_checksum_and_programs_stay_programs(self):
        content = self.folder / "content"
        info = content / "mao_prompt-1.dist-info"
        info.mkdir(parents=True)
        program = content / "mao"
        program.write_bytes(b"program")
        program.chmod(0o755)
        backend.write_wheel(content, info, self.folder / "x.whl")
        with zipfile.ZipFile(self.folder / "x.whl") as wheel:
            record = wheel.read("mao_prompt-1.dist-info/RECORD").decode()
            self.assertEqual(wheel.getinfo("mao").external_attr >> 16 & 0o777, stat.S_IMODE(program.stat().st_mode))
        checksum = base64.urlsafe_b64encode(hashlib.sha256(b"program").digest()).rstrip(b"=").decode()
        self.assertEqual(record, f"mao,sha256={checksum},7\nmao_prompt-1.dist-info/RECORD,,\n")

    def start(self, *paths):
        """Runs the launcher with a program that prints where it looks for libraries."""
        package = self.folder / "site/mao_prompt"
        (package / "bin").mkdir(parents=True)
        for name in ("__init__.py", "program.py"):
            (package / name).write_text((SOURCE / "packaging/mao_prompt" / name).read_text(encoding="utf-8"), encoding="utf-8")
        program = package / "bin/mao"
        program.write_text('#!/bin/sh\necho "$LD_LIBRARY_PATH $*"\n', encoding="utf-8")
        program.chmod(0o755)
        environment = {**os.environ, "PYTHONPATH": ":".join(map(str, (package.parent, *paths))), "LD_LIBRARY_PATH": "",
                       "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run([sys.executable, "-S", "-m", "mao_prompt.program", "tune", "a b"], env=environment, capture_output=True, text=True,
                              check=False)

    def test_torch_beside_the_package_needs_no_path(self):
        self.torch(self.folder / "site/torch", "2.11.0")
        self.assertEqual(self.start().stdout, " tune a b\n")

    def test_torch_elsewhere_is_named_to_the_loader(self):
        torch = self.torch(self.folder / "elsewhere/torch", "2.11.0")
        self.assertEqual(self.start(torch.parent).stdout, f"{torch.resolve()}/lib tune a b\n")

    def test_without_torch_the_command_says_what_is_missing(self):
        run = self.start()
        self.assertEqual(run.returncode, 1)
        self.assertIn("torch is not installed", run.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
