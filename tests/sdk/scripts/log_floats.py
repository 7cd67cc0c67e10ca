"""Floats in every form of notation."""
# differs: ^(stdout|runs\[0\]\.console): -- floats read back as they were logged
import wandb

values = [
    0.1 + 0.2, 1e-7, 1.5e-5, 0.0001, 123456.0, 1e6, 1234567.0, 1e15, 1e16, 1e21, 1e22, 1.7976931348623157e308,
    5e-324, -0.0, 1 / 3, 2.0**60, 1e300, 100.0, 3.0,
]
run = wandb.init(project="demo")
for i, value in enumerate(values):
    run.log({"value": value, f"v{i:02}": value})
back = [run.summary[f"v{i:02}"] for i in range(len(values))]
print("all equal", back == values)
print(back)
run.finish()
