"""KeyboardInterrupt is caught, then the run goes on and is finished."""
import os
import signal
import time

import wandb

signal.signal(signal.SIGINT, signal.default_int_handler)  # even where the parent ignores it
run = wandb.init(project="demo")
run.log({"loss": 0.5})
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(20)
except KeyboardInterrupt:
    print("interrupted")
run.log({"loss": 0.25, "interrupted": True})
run.finish()
