"""Histograms: from values, and given ready."""
# needs: numpy
# differs: ^(stdout|runs\[0\]\.console): -- floats read back as they were logged
import numpy as np

import wandb

run = wandb.init(project="demo")
run.log({"hist": wandb.Histogram([1, 2, 2, 3, 3, 3], num_bins=3)})
run.log({"ready": wandb.Histogram(np_histogram=np.histogram(np.arange(10), bins=5))})
print(run.summary["hist"]["values"], run.summary["ready"]["bins"])
run.finish()
