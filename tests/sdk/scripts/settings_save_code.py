"""save_code=True: the service copies the program, which lies in the working directory, into files/code."""
import subprocess
import sys

PROGRAM = """
import wandb
run = wandb.init(project="demo", settings=wandb.Settings(save_code=True))
run.log({"loss": 0.5})
print("code saved")
run.finish()
"""
with open("train.py", "w") as f:
    f.write(PROGRAM)
result = subprocess.run([sys.executable, "train.py"], stdout=subprocess.PIPE, text=True)
print(result.stdout.splitlines()[0], result.returncode)
