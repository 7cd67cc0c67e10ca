"""step=0 after a row, and negative steps."""
import wandb

run = wandb.init(project="demo")
run.log({"x": 1}, step=-5)
run.log({"x": 2}, step=0)
run.log({"x": 3})
run.log({"x": 4}, step=0)
print("step", run.step)
run.finish()
