"""run.notes changed later, and config after that."""
import wandb

run = wandb.init(project="demo", config={"lr": 0.1})
run.notes = "first note"
run.config["later"] = 1
run.notes = "second note\nwith a line"
print(repr(run.notes))
run.finish()
