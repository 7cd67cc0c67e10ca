"""A list of images, and an image in the summary."""
# needs: pillow
from PIL import Image

import wandb

run = wandb.init(project="demo")
pictures = [Image.new("L", (4, 4), shade) for shade in (0, 128, 255)]
run.log({"imgs": [wandb.Image(p, caption=f"no {i}") for i, p in enumerate(pictures)]}, step=5, commit=True)
run.summary["final"] = wandb.Image(pictures[0])
print("count", run.summary["imgs"]["count"], run.summary["imgs"]["captions"])
run.finish()
