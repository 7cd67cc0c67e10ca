"""init() with nothing at all."""
import wandb

run = wandb.init()
print("project", run.project, "group", repr(run.group), "tags", run.tags, "resumed", run.resumed)
run.finish()
