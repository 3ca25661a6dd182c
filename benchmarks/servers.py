# SPDX-License-Identifier: Apache-2.0
"""The two processes that a benchmark compares, each asked for one case at a time, one thread each."""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INPUTS = ROOT / "build/bench/inputs"


class CaseError(RuntimeError):
    """A case that one side cannot run."""


class Server:
    def __init__(self, command, folder=ROOT, many_threads=False):
        environment = dict(os.environ, OMP_NUM_THREADS="1", OMP_WAIT_POLICY="passive")
        if many_threads:  # to be woken after each of hundreds of short passes costs what the second thread gains
            del environment["OMP_WAIT_POLICY"]
        self.process = subprocess.Popen(command, cwd=folder, env=environment, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args[0]} ended while it worked on {request}; out of memory?")
        reply = json.loads(line)
        if "error" in reply:
            raise CaseError(reply["error"])
        return reply

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def ours(program, many_threads=False):
    return Server([str(program), str(INPUTS)], many_threads=many_threads)


def reference():
    """With the Python that runs this: the one of build/bench/venv, which has PyTorch."""
    return Server([sys.executable, "-m", "reference.server"], ROOT / "benchmarks")
