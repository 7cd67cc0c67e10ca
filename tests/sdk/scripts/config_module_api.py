"""wandb.config instead of run.config."""
import wandb

wandb.init(project="demo", config={"a": 1})
wandb.config.b = 2
wandb.config.update({"c": {"d": 3}})
wandb.log({"loss": wandb.config.a / 2})
print(sorted(wandb.config.items()))
wandb.finish()
