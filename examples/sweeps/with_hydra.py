# python with_hydra.py --multirun +file=SWEEP.toml +folder=FOLDER '+task=range(1,13)': absolute paths
import subprocess

import hydra


@hydra.main(version_base=None)
def main(config):
    subprocess.run(["mao", "sweep", config.file, "--out", config.folder, "--task", str(config.task)], check=True)


main()
