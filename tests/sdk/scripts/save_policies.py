"""save() with the policies now, end and live; the live file changes afterwards."""
import wandb

for name in ("now.txt", "end.txt", "live.txt", "default.txt"):
    with open(name, "w") as f:
        f.write(name)
run = wandb.init(project="demo")
run.save("now.txt", policy="now")
run.save("end.txt", policy="end")
run.save("live.txt", policy="live")
saved = run.save("default.txt")
with open("live.txt", "a") as f:
    f.write(" changed")
print("saved", [name.rsplit("/", 1)[1] for name in saved])
try:
    run.save("now.txt", policy="sometimes")
except ValueError as error:
    print("ValueError", error)
run.finish()
