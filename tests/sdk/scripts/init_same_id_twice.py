"""The same id while the first run is still open: the second init fails, the first goes on."""
# since: 0.26
import wandb

first = wandb.init(project="demo", id="the-same-id")
first.log({"loss": 1})
try:
    wandb.init(project="demo", id="the-same-id", reinit="create_new")
except Exception as error:
    print("second init:", type(error).__name__, error)
first.log({"loss": 2})
first.finish()
