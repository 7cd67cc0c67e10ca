"""finish() with a row that was never committed flushes it."""
import wandb

run = wandb.init(project="demo")
run.log({"loss": 1})
run.log({"loss": 2, "only_here": "yes"}, step=9)
print("step", run.step)
run.finish()
