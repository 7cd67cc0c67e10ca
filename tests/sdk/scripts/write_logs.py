"""run.write_logs between prints."""
# since: 0.27
import wandb

run = wandb.init(project="demo")
print("printed before")
run.write_logs("written, no newline")
run.write_logs("two\nlines\n")
print("printed after")
run.write_logs("")
run.write_logs("ünïcode 🚀")
run.finish()
