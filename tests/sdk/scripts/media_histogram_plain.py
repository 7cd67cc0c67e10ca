"""A histogram given ready, without numpy."""
# differs: ^(stdout|runs\[0\]\.console): -- floats read back as they were logged
import wandb

run = wandb.init(project="demo")
run.log({"hist": wandb.Histogram(np_histogram=([1, 2, 3], [0.0, 0.5, 1.0, 1.5]))})
print(run.summary["hist"]["values"], run.summary["hist"]["bins"])
run.finish()
