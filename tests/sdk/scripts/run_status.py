"""run.status() offline."""
import wandb

run = wandb.init(project="demo")
run.log({"loss": 1})
status = run.status()
print(type(status).__name__, status.sync_items_total, status.sync_items_pending, status.sync_time)
run.finish()
