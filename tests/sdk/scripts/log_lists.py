"""Lists stay leaves: short, long, nested, empty, tuples."""
# differs: ^(stdout|runs\[0\]\.console): -- floats read back as they were logged
import wandb

run = wandb.init(project="demo")
run.log({"short": [1, 2.5, 3.0], "empty": [], "tuple": (1, 2), "nested": [[1], [2, [3]]]})
run.log({"dicts": [{"a": 1}, {"a": None}], "strings": ["a", "é"], "long": list(range(100))})
run.log({"mixed": [1, "two", None, True, float("nan"), float("inf")], "inside": {"list": [1]}})
print("short", run.summary["short"], "nested", run.summary["nested"], "tuple", run.summary["tuple"])
run.finish()
