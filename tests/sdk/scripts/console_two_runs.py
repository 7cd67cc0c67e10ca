"""Console output while two runs are open goes to both."""
import wandb

a = wandb.init(project="demo", name="a", reinit="create_new")
print("only a is open")
b = wandb.init(project="demo", name="b", reinit="create_new")
print("both are open")
a.log({"x": 1})
a.finish()
print("only b is open")
b.log({"x": 2})
b.finish()
