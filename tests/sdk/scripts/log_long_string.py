"""Values larger than one block of the log."""
import wandb

run = wandb.init(project="demo")
run.log({"text": "abcdefghij" * 10_000, "n": 1})
run.log({"list": list(range(20_000)), "n": 2})
run.log({"n": 3})
print("length", len(run.summary["text"]), "list", len(run.summary["list"]))
run.finish()
