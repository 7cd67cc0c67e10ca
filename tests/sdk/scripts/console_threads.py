"""Two threads print whole lines in turn."""
import threading

import wandb

run = wandb.init(project="demo")
ping, pong = threading.Event(), threading.Event()


def work():
    for i in range(5):
        ping.wait()
        ping.clear()
        print(f"pong {i}")
        pong.set()


thread = threading.Thread(target=work)
thread.start()
for i in range(5):
    print(f"ping {i}")
    ping.set()
    pong.wait()
    pong.clear()
thread.join()
run.finish()
