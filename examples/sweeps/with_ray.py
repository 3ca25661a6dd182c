# python with_ray.py SWEEP.toml FOLDER RUNS: one task for each run of a sweep; absolute paths
import subprocess, sys

import ray

file, folder, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
ray.init()  # or the address of a cluster whose machines see the folder


@ray.remote(num_cpus=1)
def task(number):
    return subprocess.run(["mao", "sweep", file, "--out", folder, "--task", str(number)]).returncode


print(ray.get([task.remote(number) for number in range(1, runs + 1)]))
