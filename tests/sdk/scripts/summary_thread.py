"""run.summary set and read in another thread."""
import threading

import wandb

run = wandb.init(project="demo")
run.log({"loss": 1})


def work():
    run.summary["from_thread"] = run.summary["loss"] + 1
    print("in the thread", run.summary["from_thread"])


thread = threading.Thread(target=work)
thread.start()
thread.join()
print("in the main thread", run.summary["from_thread"])
run.finish()
