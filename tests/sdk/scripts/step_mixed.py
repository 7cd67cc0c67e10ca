"""Calls with and without step in turn."""
import wandb

run = wandb.init(project="demo")
run.log({"x": 1})
run.log({"x": 2}, step=5)
run.log({"x": 3})
run.log({"x": 4})
run.log({"x": 5}, step=7)
run.log({"y": 6}, step=8)
run.log({"z": 7})
print("step", run.step)
run.finish()
