"""An array as image, with a mask."""
# needs: numpy, pillow
# since: 0.23
import numpy as np

import wandb

run = wandb.init(project="demo")
mask = {"truth": {"mask_data": np.eye(8, dtype=np.uint8), "class_labels": {0: "cat", 1: "dog"}}}
run.log({"img": wandb.Image(np.zeros((8, 8, 3), dtype=np.uint8), masks=mask)})
print("logged", run.summary["img"]["_type"])
run.finish()
