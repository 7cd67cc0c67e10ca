"""mode="disabled": everything works, nothing is written."""
# differs: ^runs: -- the wrapper records any script
import wandb

run = wandb.init(project="demo", mode="disabled", config={"lr": 0.1})
run.log({"loss": 0.5})
run.log({"loss": 0.25}, step=7)
run.summary["best"] = 0.1
print("disabled", run.disabled, "config", dict(run.config), "best", run.summary["best"])
run.finish()
