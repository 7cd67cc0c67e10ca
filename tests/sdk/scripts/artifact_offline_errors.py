"""wait(), use_artifact and link_artifact do not work offline."""
import wandb

run = wandb.init(project="demo")
artifact = wandb.Artifact("a", type="dataset")
with artifact.new_file("x.txt") as f:
    f.write("x")
logged = run.log_artifact(artifact)
for name, call in {
    "wait": lambda: logged.wait(),
    "use": lambda: run.use_artifact("other:latest"),
    "link": lambda: run.link_artifact(logged, "registry/target"),
}.items():
    try:
        call()
        print(name, "accepted")
    except Exception as error:
        print(name, type(error).__name__)
run.log({"loss": 1})
run.finish()
