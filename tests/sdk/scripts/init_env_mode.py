"""WANDB_MODE=offline set inside, between import and init, whatever it was before."""
import os

import wandb

os.environ["WANDB_MODE"] = "offline"
run = wandb.init(project="demo")
run.log({"loss": 0.5})
print("offline", run.offline, "disabled", run.disabled)
run.finish()
