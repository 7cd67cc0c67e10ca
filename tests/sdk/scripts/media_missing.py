"""Media which is not there: an error, and the run goes on."""
import wandb

run = wandb.init(project="demo")
for make in (
    lambda: wandb.Audio("missing.wav"),
    lambda: wandb.Video("missing.mp4", format="mp4"),
    lambda: wandb.Table(columns=["a"], data=[[1, 2]]),
):
    try:
        run.log({"media": make()})
        print("accepted")
    except Exception as error:
        print(type(error).__name__)
run.log({"loss": 1})
run.finish()
