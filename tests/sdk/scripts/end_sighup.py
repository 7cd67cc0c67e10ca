"""The process sends SIGHUP to itself: dies at once, no hook runs."""
# differs: ^runs\[0\]\. -- the log of a killed script is complete
import os
import signal
import time

import wandb

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # even where the parent ignores it (nohup)
run = wandb.init(project="demo")
run.log({"loss": 0.5})
print("loss", run.summary["loss"], flush=True)
os.kill(os.getpid(), signal.SIGHUP)
time.sleep(20)
