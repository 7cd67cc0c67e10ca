"""An artifact with files, aliases, a description and metadata, logged offline."""
import wandb

with open("data.csv", "w") as f:
    f.write("a,b\n1,2\n")
run = wandb.init(project="demo")
artifact = wandb.Artifact("my-data", type="dataset", description="two columns", metadata={"rows": 1, "ok": True})
artifact.add_file("data.csv")
artifact.add_file("data.csv", name="copy/again.csv")
with artifact.new_file("made.txt") as f:
    f.write("made by new_file\n")
run.log_artifact(artifact, aliases=["best", "v-one"])
run.log({"loss": 1})
print(sorted(artifact.manifest.entries))
run.finish()
