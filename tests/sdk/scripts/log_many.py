"""5000 rows."""
import wandb

run = wandb.init(project="demo")
for i in range(5000):
    run.log({"i": i, "square": i * i, "half": i / 2})
print("step", run.step, "square", run.summary["square"])
run.finish()
