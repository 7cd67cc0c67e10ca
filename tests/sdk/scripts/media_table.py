"""Tables: rows added, data given, and one which changes between two steps."""
import wandb

run = wandb.init(project="demo")
table = wandb.Table(columns=["id", "name", "score"])
table.add_data(1, "one", 0.5)
table.add_data(2, None, 1.5)
run.log({"first": table})
run.log({"second": wandb.Table(columns=["x"], data=[[i] for i in range(5)]), "loss": 1})
run.log({"first": wandb.Table(columns=["id"], data=[[9]])})
print("rows", run.summary["second"]["nrows"], "columns", run.summary["second"]["ncols"])
run.finish()
