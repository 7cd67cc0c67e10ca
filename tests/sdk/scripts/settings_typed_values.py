"""Settings(x_history_value_encoding="json,typed"): every history item carries a typed value, too."""
# since: 0.31
# differs: ^runs\[0\]\.typed_values: -- only what the SDK sends has typed twins
import wandb

settings = wandb.Settings(x_history_value_encoding="json,typed")
run = wandb.init(project="demo", settings=settings)
run.log({"i": 1, "neg": -5, "f": 0.5, "one": 1.0, "s": "text", "b": True, "n": None})
run.log({"l": [1, 2.5, "x"], "d": {"k": float("nan")}, "big": 2**70, "inf": float("inf")})
print("typed", run.summary["f"])
run.finish()
