"""A step which goes back is rejected, with a warning; the row after it is kept."""
import wandb

run = wandb.init(project="demo")
run.log({"loss": 1}, step=10)
run.log({"loss": 2}, step=5)
run.log({"loss": 3}, step=11)
run.log({"loss": 4}, step=0)
print("step", run.step, "loss", run.summary["loss"])
run.finish()
