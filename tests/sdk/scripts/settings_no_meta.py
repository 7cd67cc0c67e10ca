"""Settings(x_disable_meta=True, x_disable_machine_info=True): no environment records."""
# differs: ^runs\[0\]\.kinds: -- the wrapper has described the machine already
import wandb

settings = wandb.Settings(x_disable_meta=True, x_disable_machine_info=True)
run = wandb.init(project="demo", settings=settings)
run.log({"loss": 0.5})
print("no metadata")
run.finish()
