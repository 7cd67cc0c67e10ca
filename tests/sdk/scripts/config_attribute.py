"""config.x, config.get, in, setdefaults, as_dict."""
import wandb

run = wandb.init(project="demo", config={"lr": 0.01})
run.config.epochs = 5
run.config.setdefaults({"lr": 99, "wd": 0.1})
print(run.config.lr, run.config.epochs, run.config.get("missing", "default"), "wd" in run.config)
print(sorted(run.config.as_dict().items()))
run.finish()
