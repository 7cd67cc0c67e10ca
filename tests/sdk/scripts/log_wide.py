"""1000 keys in each of 20 rows."""
import wandb

run = wandb.init(project="demo")
for row in range(20):
    run.log({f"layer{k // 10}/weight{k % 10}": row * 1000 + k + 0.5 for k in range(1000)})
print("keys", len([k for k in run.summary.keys() if k.startswith("layer")]))
print("last", run.summary["layer99/weight9"])
run.finish()
