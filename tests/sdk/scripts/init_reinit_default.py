"""A second init() without reinit returns the run that is already there."""
import wandb

first = wandb.init(project="demo", name="one", config={"a": 1})
second = wandb.init(project="demo", name="two", config={"b": 2})
print("same object", first is second)
second.log({"loss": 0.5})
print("name", first.name, "config", dict(first.config))
first.finish()
