"""Two runs after each other."""
import wandb

for i in range(2):
    run = wandb.init(project="demo", name=f"run {i}", config={"i": i})
    for k in range(2):
        run.log({"value": 10 * i + k})
    print("run", i, "value", run.summary["value"])
    run.finish()
