"""The same step several times: one row, later values win."""
import wandb

run = wandb.init(project="demo")
run.log({"a": 1, "b": 1}, step=3)
run.log({"b": 2}, step=3)
run.log({"c": 3}, step=3)
run.log({"a": 9}, step=4)
print("step", run.step, "b", run.summary["b"])
run.finish()
