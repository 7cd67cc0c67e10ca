"""config.update() and config[...] after init and after the first row."""
import wandb

run = wandb.init(project="demo", config={"lr": 0.01})
run.config.update({"epochs": 3, "name": "late"})
run.log({"loss": 0.5})
run.config["batch"] = 32
run.config.update({"empty": {}, "none": None})
print(dict(run.config))
run.finish()
