"""The working directory changes after init."""
import os

import wandb

run = wandb.init(project="demo")
os.mkdir("sub")
os.chdir("sub")
with open("note.txt", "w") as f:
    f.write("a note\n")
run.save("note.txt", policy="end")
run.log({"loss": 0.5})
run.log({"page": wandb.Html("<p>hello</p>")})
print("now in", os.path.basename(os.getcwd()))
run.finish()
