"""Forked children use the run of their parent, one after another."""
# differs: ^runs\[0\]\.console: -- the wrapper hears children before they join
import multiprocessing

import wandb


def child(run, k):
    print("child", k, "not yet attached", flush=True)
    run.log({"child": k, "value": 10 * k})
    print("child", k, "attached", flush=True)
    run.summary[f"child{k}"] = k
    assert run.summary[f"child{k}"] == k  # read back: the service has it


run = wandb.init(project="demo")
run.log({"parent": 1})
context = multiprocessing.get_context("fork")
for k in range(3):
    process = context.Process(target=child, args=(run, k))
    process.start()
    process.join()
    print("exit code", process.exitcode, flush=True)
run.log({"parent": 2})
print("value", run.summary["value"])
run.finish()
