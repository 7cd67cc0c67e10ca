"""config_exclude_keys drops keys."""
import wandb

run = wandb.init(project="demo", config={"a": 1, "b": 2, "c": 3}, config_exclude_keys=["b"])
print(sorted(run.config.items()))
run.finish()
