"""An image given as a PIL image, with a caption."""
# needs: pillow
from PIL import Image

import wandb

run = wandb.init(project="demo")
picture = Image.new("RGB", (8, 6), (255, 0, 0))
run.log({"img": wandb.Image(picture, caption="red")})
run.log({"deep/img": wandb.Image(picture), "loss": 1})
print("type", run.summary["img"]["_type"], run.summary["img"]["width"], run.summary["img"]["height"])
run.finish()
