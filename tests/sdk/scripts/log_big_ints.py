"""Integers around the limits of 53, 63 and 64 bits."""
# differs: ^(stdout|runs\[0\]\.console): -- floats read back as they were logged
import wandb

values = [2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64, 2**70, -(2**64), 10**30]
run = wandb.init(project="demo")
for i, value in enumerate(values):
    run.log({"value": value, f"v{i}": value})
for i in range(len(values)):
    print(i, run.summary[f"v{i}"])
run.finish()
