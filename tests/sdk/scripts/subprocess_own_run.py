"""A Python subprocess with a run of its own, and no run in the parent."""
import subprocess
import sys

CHILD = """
import wandb
with wandb.init(project="demo", name="in the subprocess") as run:
    run.log({"loss": 1})
    print("child loss", run.summary["loss"])
"""
result = subprocess.run([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True)
print("child said", repr(result.stdout.strip().splitlines()[0]), "exit code", result.returncode)
