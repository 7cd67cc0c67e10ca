"""No finish() and a row that was never committed: the end of the script flushes it."""
import wandb

run = wandb.init(project="demo")
run.log({"loss": 1})
run.log({"loss": 2, "only_here": True}, commit=False)
print("pending row left behind")
