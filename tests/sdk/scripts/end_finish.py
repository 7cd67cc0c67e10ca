"""run.finish() at the end of the script: exit code 0."""
import wandb

run = wandb.init(project="demo")
for i in range(3):
    run.log({"loss": 1.0 / (i + 1)})
print("last loss", run.summary["loss"])
run.finish()
print("finished", wandb.run)
