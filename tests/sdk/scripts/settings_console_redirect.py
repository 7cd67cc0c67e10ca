"""Settings(console="redirect"): the SDK redirects the file descriptors, subprocesses included."""
# differs: ^runs\[0\]\.kinds: -- the wrapper has heard the same text
import subprocess
import sys

import wandb

run = wandb.init(project="demo", settings=wandb.Settings(console="redirect"))
print("from python", flush=True)
subprocess.run([sys.executable, "-c", "print('from a subprocess')"], check=True)
run.log({"loss": 0.5})
run.finish()
