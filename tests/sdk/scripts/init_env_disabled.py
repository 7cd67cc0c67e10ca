"""WANDB_MODE=disabled set inside the script."""
# differs: ^runs: -- the wrapper records any script
import os

os.environ["WANDB_MODE"] = "disabled"

import wandb  # noqa: E402

run = wandb.init(project="demo")
run.log({"loss": 0.5})
print("disabled", run.disabled)
run.finish()
