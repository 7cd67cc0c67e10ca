"""Everything is read back as it was logged."""
import wandb

run = wandb.init(project="demo")
values = {"i": 1, "f": 0.5, "s": "text", "b": True, "l": [1, 2], "d": {"x": {"y": 1}}}
run.log(values)
for key, value in values.items():
    got = run.summary[key]
    got = got._as_dict() if hasattr(got, "_as_dict") else got
    assert got == value, (key, got)
print("keys", sorted(k for k in run.summary.keys() if not k.startswith("_")))
print("get", run.summary.get("missing", "default"))
try:
    run.summary["missing"]
except KeyError as error:
    print("KeyError", error)
run.finish()
