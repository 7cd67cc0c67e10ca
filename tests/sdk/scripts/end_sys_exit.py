"""sys.exit(5) without finish(): exit code 5."""
import sys

import wandb

run = wandb.init(project="demo")
run.log({"loss": 0.5})
print("loss", run.summary["loss"])
sys.exit(5)
