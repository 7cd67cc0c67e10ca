"""commit=False collects, the next plain log() commits."""
import wandb

run = wandb.init(project="demo")
run.log({"a": 1}, commit=False)
run.log({"b": 2}, commit=False)
run.log({"c": 3})
run.log({"a": 4}, commit=False)
run.log({"a": 5})
print("step", run.step, "a", run.summary["a"])
run.finish()
