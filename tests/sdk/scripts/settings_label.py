"""Settings(x_label="node/0"): the label names the console file."""
import wandb

run = wandb.init(project="demo", settings=wandb.Settings(x_label="node/0"))
run.log({"loss": 0.5})
print("labelled")
run.finish()
