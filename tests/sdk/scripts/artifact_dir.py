"""A whole directory and a table in one artifact."""
import os

import wandb

os.makedirs("tree/sub", exist_ok=True)
for name in ("tree/a.txt", "tree/b.txt", "tree/sub/c.txt"):
    with open(name, "w") as f:
        f.write(name)
with wandb.init(project="demo", job_type="prepare") as run:
    artifact = wandb.Artifact("the-tree", type="dataset")
    artifact.add_dir("tree")
    artifact.add(wandb.Table(columns=["x"], data=[[1]]), "table")
    run.log_artifact(artifact)
    print(sorted(artifact.manifest.entries))
