"""An id and a name with spaces and characters beyond ASCII."""
import wandb

run = wandb.init(project="demo", id="Lauf zwölf", name="名前 🚀 \"quoted\"")
print("id", run.id)
print("name", run.name)
run.log({"loss": 0.5})
run.finish()
