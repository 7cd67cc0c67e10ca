"""The process sends SIGINT to itself and nobody catches KeyboardInterrupt."""
# differs: ^runs\[0\]\.kinds: -- config says which signal it was
import os
import signal
import time

import wandb

signal.signal(signal.SIGINT, signal.default_int_handler)  # even where the parent ignores it
run = wandb.init(project="demo")
run.log({"loss": 0.5})
print("loss", run.summary["loss"], flush=True)
os.kill(os.getpid(), signal.SIGINT)
time.sleep(20)
print("never reached")
