"""A fork pool computes, only the parent logs."""
import multiprocessing

import wandb


def square(x):
    return x * x


run = wandb.init(project="demo")
with multiprocessing.get_context("fork").Pool(2) as pool:
    for i, value in enumerate(pool.map(square, range(6))):
        run.log({"i": i, "square": value})
print("square", run.summary["square"])
run.finish()
