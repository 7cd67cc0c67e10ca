"""reinit="finish_previous" finishes the first run before the second begins."""
import wandb

first = wandb.init(project="demo", name="one", reinit="finish_previous")
first.log({"loss": 1})
first.log({"pending": True}, commit=False)
second = wandb.init(project="demo", name="two", reinit="finish_previous")
try:
    first.log({"loss": 2})
except Exception as error:
    print("first is closed:", type(error).__name__)
second.log({"loss": 3})
second.finish()
