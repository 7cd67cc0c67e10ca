"""An uncaught exception without finish(): exit code 1."""
import wandb

run = wandb.init(project="demo")
run.log({"loss": 0.5})
print("loss", run.summary["loss"])
raise RuntimeError("uncaught")
