"""What the interpreter has installed, wherever its path leads, and not only what lies beside it."""
# differs: runs\[0\].files: -- what was found from outside was there first, so the file is announced twice
import pathlib
import sys

import wandb

place = pathlib.Path("elsewhere/Found_Here-9.8.7.dist-info")
place.mkdir(parents=True)
(place / "METADATA").write_text("Metadata-Version: 2.1\nName: Found-Here\nVersion: 9.8.7\n")
sys.path.append("elsewhere")
run = wandb.init(project="demo")
run.log({"loss": 1})
run.finish()
