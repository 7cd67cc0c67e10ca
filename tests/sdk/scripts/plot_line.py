"""plot.line: a custom chart, its table and its place in the config."""
import wandb

run = wandb.init(project="demo")
table = wandb.Table(columns=["x", "y"], data=[[i, i * i] for i in range(5)])
run.log({"chart": wandb.plot.line(table, "x", "y", title="squares")})
run.log({"loss": 1})
print(sorted(k for k in run.summary.keys() if not k.startswith("_")))
run.finish()
