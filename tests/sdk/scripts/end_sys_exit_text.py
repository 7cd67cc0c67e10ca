"""sys.exit("text") without finish(): exit code 1, the text on stderr."""
import sys

import wandb

run = wandb.init(project="demo")
run.log({"loss": 0.5})
print("loss", run.summary["loss"])
sys.exit("the reason why")
