"""Eight threads log as they like: only the series of each key is the same every time."""
# compare: series
import threading

import wandb

run = wandb.init(project="demo")


def work(me):
    for i in range(100):
        run.log({f"thread{me}": i})


threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print("step", run.step, [run.summary[f"thread{k}"] for k in range(8)])
run.finish()
