"""Four threads log in a fixed order, each its own key."""
import threading

import wandb

THREADS, ROUNDS = 4, 10
run = wandb.init(project="demo")
turn, changed = 0, threading.Condition()


def work(me):
    global turn
    for i in range(ROUNDS):
        with changed:
            changed.wait_for(lambda: turn % THREADS == me)
            run.log({f"thread{me}": i})
            turn += 1
            changed.notify_all()


threads = [threading.Thread(target=work, args=(k,)) for k in range(THREADS)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print("step", run.step, [run.summary[f"thread{k}"] for k in range(THREADS)])
run.finish()
