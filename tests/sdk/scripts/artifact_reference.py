"""References: a file:// one with a checksum and an https one without."""
import os

import wandb

with open("far.bin", "wb") as f:
    f.write(b"x" * 1000)
run = wandb.init(project="demo")
artifact = wandb.Artifact("refs", type="dataset")
artifact.add_reference("file://" + os.path.abspath("far.bin"), name="near")
artifact.add_reference("https://example.invalid/data.bin", name="far", checksum=False)
run.log_artifact(artifact)
print(sorted(artifact.manifest.entries))
run.finish()
