"""Changing a value: refused, then allowed."""
import wandb

run = wandb.init(project="demo", config={"lr": 0.01})
try:
    run.config.update({"lr": 0.1})
except Exception as error:
    print("refused:", type(error).__name__)
print("lr", run.config["lr"])
run.config.update({"lr": 0.2}, allow_val_change=True)
run.config["epochs"] = 1
try:
    run.config["epochs"] = 2
except Exception as error:
    print("refused:", type(error).__name__)
print("lr", run.config["lr"], "epochs", run.config["epochs"])
run.finish()
