"""bar, scatter, histogram, line_series and a table plot in one row."""
import wandb

run = wandb.init(project="demo")
table = wandb.Table(columns=["label", "value"], data=[["a", 1], ["b", 2]])
run.log({
    "bar": wandb.plot.bar(table, "label", "value", title="bars"),
    "scatter": wandb.plot.scatter(table, "label", "value"),
    "hist": wandb.plot.histogram(table, "value"),
    "series": wandb.plot.line_series([0, 1], [[1, 2], [3, 4]], keys=["u", "v"], title="series"),
    "group/bar": wandb.plot.bar(table, "label", "value", split_table=True),
})
print(sorted(k for k in run.summary.keys() if not k.startswith("_")))
run.finish()
