"""Empty dictionaries: a row which holds the reserved keys only."""
import wandb

run = wandb.init(project="demo")
run.log({})
run.log({"loss": 1})
run.log({"empty": {}})
run.log({}, commit=False)
run.log({}, step=10)
run.log({"empty": {"inner": {}}, "x": 1}, step=11)
print("step", run.step)
run.finish()
