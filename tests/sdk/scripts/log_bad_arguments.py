"""Calls of log() which the SDK refuses; the rows around them stay."""
import wandb

run = wandb.init(project="demo")
run.log({"loss": 1})
for args in ([1, 2], "text", None, {1: "int key"}, {("t",): 1}, {"ok": 1, None: 2}):
    try:
        run.log(args)
        print(args, "accepted")
    except Exception as error:
        print(args, type(error).__name__)
try:
    run.log({"loss": 2}, step="three")
    print("step as text accepted")
except Exception as error:
    print("step as text", type(error).__name__)
run.log({"loss": 3})
print("step", run.step)
run.finish()
