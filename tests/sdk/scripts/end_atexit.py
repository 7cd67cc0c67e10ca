"""A hook registered after init logs at exit, before the run ends."""
import atexit

import wandb

run = wandb.init(project="demo")
run.log({"loss": 0.5})
atexit.register(lambda: run.log({"from_atexit": True}))
print("end of script")
