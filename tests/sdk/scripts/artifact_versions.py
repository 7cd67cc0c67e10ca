"""The same artifact name three times, the last with the same content."""
import wandb

with wandb.init(project="demo") as run:
    for version, text in enumerate(("one", "two", "two")):
        with open("weights.txt", "w") as f:
            f.write(text)
        artifact = wandb.Artifact("weights", type="model", metadata={"version": version})
        artifact.add_file("weights.txt")
        run.log_artifact(artifact, tags=["nightly"])
        run.log({"version": version})
    print("three logged")
