"""Nested configs: a second dictionary below the same key."""
import wandb

run = wandb.init(project="demo", config={"opt": {"name": "adam", "lr": 0.1}, "keep": {"x": {"y": 1}}})
run.config.update({"opt": {"lr": 0.2, "wd": 0.0}}, allow_val_change=True)
run.config["model.dotted"] = {"layers": [{"n": 1}, {"n": 2}]}
run.config["keep"]["x"]["y"] = 2  # not noticed by the SDK
print(run.config["opt"], run.config["keep"])
run.finish()
