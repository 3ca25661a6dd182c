# SPDX-License-Identifier: Apache-2.0
"""Builds the wheel mao_prompt: an installed mao (program, headers, CMake files, embedded models) inside a Python package.

A build backend (PEP 517) of its own, because the wheel holds no extension module: CMake builds and installs as always, and this file
moves the result to where pip puts it. build/release is used when it is there, and made by scripts/build when it is not. The libraries of
LibTorch are those of the package torch beside mao_prompt; the other shared libraries of the build machine go into the wheel.
"""

import base64
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "mao_prompt"
TARGETS = ("mao-program", "mao_compiled")
# What every Linux has, or has to share with LibTorch.
SYSTEM_LIBRARIES = re.compile(r"^(ld-linux.*|lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s|gomp)\.so\..*)$")
HINT = re.compile(r'set\(MAO_LIBTORCH_HINT "([^"]*)"\)')


def version():
    header = (ROOT / "include/mao/version.hpp").read_text(encoding="utf-8")
    return ".".join(re.search(rf"MAO_VERSION_{part} (\d+)", header)[1] for part in ("MAJOR", "MINOR", "PATCH"))


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, text=True, **options)


def build_environment():
    """Without the paths of pip's own build environment: scripts/setup runs another pip."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON") and name != "PIP_BUILD_TRACKER"}


def build_mao():
    """The folder of a finished release build."""
    folder = ROOT / "build/release"
    if (folder / "build.ninja").is_file():
        jobs = run(ROOT / "scripts/jobs", capture_output=True).stdout.strip()
        run("cmake", "--build", folder, "--parallel", jobs, "--target", *TARGETS, env=build_environment(), stdout=sys.stderr)
    else:
        run(ROOT / "scripts/build", "release", *TARGETS, env=build_environment(), stdout=sys.stderr)
    return folder


def torch_release(folder):
    """`2.11` of the package torch whose LibTorch this is."""
    stated = folder / "version.py"
    if not stated.is_file():
        raise SystemExit(f"packaging: mao was built with the LibTorch in {folder or 'no folder'}, which is not that of a Python package torch; "
                         "the wheel uses the LibTorch of that package. Build without LIBTORCH_ROOT, or with that of a torch from pip")
    return re.search(r"__version__ = '(\d+\.\d+)\.", stated.read_text(encoding="utf-8"))[1]


def needed_libraries(program):
    """Shared libraries of the machine that `program` loads, but those of LibTorch and of every Linux: (name, file)."""
    listing = run("ldd", program, capture_output=True).stdout
    missing = re.findall(r"(\S+) => not found", listing)
    if missing:
        raise SystemExit(f"packaging: {program} needs {', '.join(missing)}, which cannot be found")
    for name, place in re.findall(r"^\s*(\S+) => (\S+)", listing, re.MULTILINE):
        of_python = any(part in ("site-packages", "dist-packages") for part in Path(place).parts)
        if not SYSTEM_LIBRARIES.match(name) and not of_python:
            yield name, Path(place).resolve()


def add_licence(library, folder):
    """The licence of a library as Debian keeps it, where it does."""
    found = subprocess.run(["dpkg", "-S", library], capture_output=True, text=True, check=False) if shutil.which("dpkg") else None
    if found is None or found.returncode != 0:
        return
    package = found.stdout.split(":")[0]
    notice = Path("/usr/share/doc") / package / "copyright"
    if notice.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(notice, folder / package)


def make_movable(package, licences):
    """Puts the libraries of the machine beside the program and gives it paths relative to itself. Returns torch's release."""
    program, config = package / "bin/mao", package / "lib/cmake/mao/mao-config.cmake"
    text = config.read_text(encoding="utf-8")
    hint = HINT.search(text)
    release = torch_release(Path(hint[1]))
    config.write_text(text.replace(hint[0], 'set(MAO_LIBTORCH_HINT "${CMAKE_CURRENT_LIST_DIR}/../../../../torch")'), encoding="utf-8")
    for name, file in list(needed_libraries(program)):
        shutil.copy(file, package / "lib" / name)
        add_licence(file, licences)
    run("patchelf", "--force-rpath", "--set-rpath", "$ORIGIN/../lib:$ORIGIN/../../torch/lib", program)
    return release


def stage(folder):
    """The content of the wheel below `folder`."""
    built, package = build_mao(), folder / NAME
    for component in ("library", "program"):
        run("cmake", "--install", built, "--prefix", package, "--component", component, "--strip", stdout=subprocess.DEVNULL)
    info = folder / f"{NAME}-{version()}.dist-info"
    release = make_movable(package, info / "licenses/libraries")
    shutil.copytree(ROOT / "packaging" / NAME, package, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (info / "licenses").mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "LICENSE", info / "licenses/LICENSE")
    (info / "METADATA").write_text(metadata(release), encoding="utf-8")
    (info / "WHEEL").write_text(f"Wheel-Version: 1.0\nGenerator: mao\nRoot-Is-Purelib: false\nTag: {tag()}\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[console_scripts]\nmao = {NAME}.program:main\n", encoding="utf-8")
    return info


def metadata(release):
    return "\n".join((
        "Metadata-Version: 2.1", f"Name: {NAME}", f"Version: {version()}",
        "Summary: Prompt tuning of vision-language models: the program mao and its C++ library",
        "License: Apache-2.0", "License-File: licenses/LICENSE", "Requires-Python: >=3.10",
        f"Requires-Dist: torch=={release}.*", "Description-Content-Type: text/markdown", "",
        (ROOT / "packaging/README.md").read_text(encoding="utf-8")))


def tag():
    """Any Python; this processor; at least the C library of this machine."""
    kind, release = platform.libc_ver()
    system = f"manylinux_{release.replace('.', '_')}" if kind == "glibc" else "linux"
    return f"py3-none-{system}_{platform.machine()}"


def write_wheel(folder, info, wheel):
    """Zips `folder`, with the list of its files and their checksums."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    record = info / "RECORD"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        lines = []
        for path in files:
            name, content = path.relative_to(folder).as_posix(), path.read_bytes()
            checksum = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={checksum},{len(content)}\n")
            archive.write(path, name)
        name = record.relative_to(folder).as_posix()
        archive.writestr(name, "".join(lines) + f"{name},,\n")


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):  # noqa: ARG001 (the names are PEP 517's)
    if not shutil.which("patchelf"):
        raise SystemExit("packaging: patchelf is missing; without --no-build-isolation pip installs it")
    name = f"{NAME}-{version()}-{tag()}.whl"
    with tempfile.TemporaryDirectory() as folder:
        info = stage(Path(folder))
        write_wheel(Path(folder), info, Path(wheel_directory) / name)
    return name


def build_sdist(sdist_directory, config_settings=None):  # noqa: ARG001
    raise SystemExit("packaging: there is no source distribution; build the wheel in a clone of mao: pip wheel ./packaging")
