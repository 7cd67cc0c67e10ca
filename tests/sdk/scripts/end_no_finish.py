"""No finish(): the run ends with the script."""
import wandb

run = wandb.init(project="demo")
for i in range(3):
    run.log({"loss": 3 - i})
print("last line of the script, loss", run.summary["loss"])
