"""log_code: an artifact of type code, noted in the config."""
import os

import wandb

os.makedirs("src/pkg", exist_ok=True)
for name in ("src/main.py", "src/pkg/util.py", "src/readme.md"):
    with open(name, "w") as f:
        f.write("# " + name + "\n")
run = wandb.init(project="demo")
artifact = run.log_code("src", name="my-code")
print(sorted(artifact.manifest.entries))
artifact = run.log_code("src", name="my-docs", include_fn=lambda path: path.endswith(".md"))
print(sorted(artifact.manifest.entries))
run.finish()
