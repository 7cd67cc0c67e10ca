"""Keys with a meaning of their own: _step, _runtime, _wandb and friends."""
import wandb

run = wandb.init(project="demo")
run.log({"loss": 1, "_step": 50})
run.log({"loss": 2, "_runtime": 12345.5})
run.log({"loss": 3, "_wandb": {"mine": 1}})
run.log({"loss": 4, "_private": 7, "step": 3, "time": 5})
print("step", run.step, "loss", run.summary["loss"], "_private", run.summary["_private"])
run.finish()
