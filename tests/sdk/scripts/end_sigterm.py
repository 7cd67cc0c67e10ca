"""The process sends SIGTERM to itself: dies at once, no hook runs."""
# differs: ^runs\[0\]\. -- the log of a killed script is complete
import os
import signal
import time

import wandb

run = wandb.init(project="demo")
run.log({"loss": 0.5})
print("loss", run.summary["loss"], flush=True)
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(20)
