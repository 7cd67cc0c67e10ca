"""pin_config_keys: a member of _wandb in the config."""
# since: 0.26
import wandb

run = wandb.init(project="demo", config={"lr": 0.1, "wd": 0.2})
run.pin_config_keys(["lr"])
print("pinned")
run.finish()
