"""commit=True with and without a step."""
import wandb

run = wandb.init(project="demo")
run.log({"a": 1}, step=3, commit=True)
run.log({"a": 2}, commit=True)
run.log({"b": 1}, step=10, commit=False)
run.log({"b": 2}, step=10, commit=True)
run.log({"late": 1}, step=10)
print("step", run.step)
run.finish()
