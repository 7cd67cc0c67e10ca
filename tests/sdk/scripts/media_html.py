"""HTML text."""
import wandb

run = wandb.init(project="demo")
run.log({"page": wandb.Html("<p>hello</p>")})
run.log({"plain": wandb.Html("<b>no style</b>", inject=False), "loss": 1}, step=4)
print("type", run.summary["page"]["_type"])
run.finish()
