"""log(), config and summary after finish()."""
import wandb

run = wandb.init(project="demo")
run.log({"loss": 1})
run.finish()
for what in ("log", "config", "summary", "define_metric", "save", "alert", "name"):
    try:
        if what == "log":
            run.log({"loss": 2})
        elif what == "config":
            run.config["late"] = 1
        elif what == "summary":
            run.summary["late"] = 1
        elif what == "define_metric":
            run.define_metric("late")
        elif what == "save":
            run.save("nothing.txt")
        elif what == "alert":
            run.alert("late", "text")
        else:
            run.name = "late"
        print(what, "accepted")
    except Exception as error:
        print(what, type(error).__name__)
print("loss", run.summary.get("loss"))
