"""run.tags changed, added to and emptied."""
import wandb

run = wandb.init(project="demo", tags=["one"])
run.tags = run.tags + ("two",)
print(run.tags)
run.tags = ["three"]
print(run.tags)
run.tags += ("four",)
print(run.tags)
other = wandb.init(project="demo", tags=["a", "b"], reinit="create_new")
other.tags = []
print(other.tags)
other.finish()
run.finish()
