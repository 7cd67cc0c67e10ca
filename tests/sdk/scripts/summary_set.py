"""Values set by hand beside those of the history."""
import wandb

run = wandb.init(project="demo")
run.log({"loss": 1})
run.summary["best"] = 0.5
run.summary.note = "by attribute"
run.summary["loss"] = 99
print(run.summary["best"], run.summary["note"], run.summary["loss"])
run.log({"loss": 2})
print("history again", run.summary["loss"])
run.finish()
