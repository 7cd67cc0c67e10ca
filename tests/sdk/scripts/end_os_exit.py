"""os._exit(7): no atexit hook runs, the connection just ends."""
# differs: ^runs\[0\]\. -- the log of a killed script is complete
import os

import wandb

run = wandb.init(project="demo")
run.log({"loss": 0.5})
run.log({"loss": 0.25})
print("loss", run.summary["loss"], flush=True)  # read back: the service has both rows
os._exit(7)
