"""A cloud of points as Object3D."""
# needs: numpy
import numpy as np

import wandb

run = wandb.init(project="demo")
points = np.array([[0, 0, 0, 1], [1, 0, 0, 2], [0, 1, 0, 3]])
run.log({"cloud": wandb.Object3D(points)})
print(run.summary["cloud"]["_type"])
run.finish()
