# python with_submitit.py SWEEP.toml FOLDER RUNS [debug]: one job for each run of a sweep
import subprocess, sys

import submitit

file, folder, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
executor = submitit.AutoExecutor(folder="submitit-logs", cluster=sys.argv[4] if len(sys.argv) > 4 else None)
executor.update_parameters(timeout_min=240, cpus_per_task=4)


def task(number):
    return subprocess.run(["mao", "sweep", file, "--out", folder, "--task", str(number)]).returncode


print([job.result() for job in executor.map_array(task, range(1, runs + 1))])
