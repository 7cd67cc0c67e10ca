"""log_model(path, name)."""
import wandb

with open("model.bin", "wb") as f:
    f.write(bytes(range(256)))
run = wandb.init(project="demo")
run.log_model("model.bin", name="net", aliases=["latest-good"])
run.log({"loss": 1})
print("logged")
run.finish()
