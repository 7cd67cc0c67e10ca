"""An image with boxes; their class labels go into the config."""
# needs: pillow
from PIL import Image

import wandb

box = {"position": {"minX": 0.1, "maxX": 0.5, "minY": 0.1, "maxY": 0.5}, "class_id": 1, "scores": {"p": 0.5}}
run = wandb.init(project="demo")
boxes = {"prediction": {"box_data": [box], "class_labels": {0: "cat", 1: "dog"}}}
run.log({"img": wandb.Image(Image.new("RGB", (8, 8)), boxes=boxes)})
print("logged", run.summary["img"]["_type"])
run.finish()
