"""2000 lines: more than any window of the emulation."""
import wandb

run = wandb.init(project="demo")
for i in range(2000):
    print(f"line {i:04} " + "." * (i % 50))
run.log({"lines": 2000})
run.finish()
