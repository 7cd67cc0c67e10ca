"""config-defaults.yaml is read, and config="file.yaml" goes over it."""
import wandb

with open("config-defaults.yaml", "w") as f:
    f.write("lr:\n  desc: learning rate\n  value: 0.1\nepochs:\n  value: 3\n")
with open("mine.yaml", "w") as f:
    f.write("lr:\n  value: 0.5\nextra:\n  value: [1, 2]\n")
run = wandb.init(project="demo", config="mine.yaml")
print(sorted(run.config.items()))
run.finish()
