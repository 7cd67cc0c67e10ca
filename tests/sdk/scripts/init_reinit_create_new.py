"""reinit="create_new": two runs at the same time, logged in turn."""
import wandb

a = wandb.init(project="demo", name="a", reinit="create_new")
b = wandb.init(project="demo", name="b", reinit="create_new")
for i in range(4):
    a.log({"x": i})
    b.log({"x": 100 + i, "y": -i})
print("a", a.summary["x"], "b", b.summary["x"])
a.finish()
b.log({"x": 200})
print("b after a has finished", b.summary["x"])
b.finish()
