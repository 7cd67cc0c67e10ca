"""A handler for SIGUSR1 logs between two rows of the main program."""
import os
import signal

import wandb

run = wandb.init(project="demo")
signal.signal(signal.SIGUSR1, lambda *_: run.log({"checkpoint": True}))
for i in range(4):
    run.log({"i": i})
    if i == 1:
        os.kill(os.getpid(), signal.SIGUSR1)
        for _ in range(1000):
            pass
print("step", run.step)
run.finish()
