"""Arguments which init() refuses; afterwards a good run."""
import wandb

bad = [
    {"id": "with/slash"},
    {"id": "   "},
    {"project": "a/b"},
    {"project": "p" * 129},
    {"tags": ["t" * 65]},
    {"fork_from": "x?_step=1", "resume_from": "y?_step=2"},
    {"fork_from": "no step"},
    {"mode": "sideways"},
]
for kwargs in bad:
    try:
        wandb.init(**{"project": "demo", **kwargs}).finish()
        print(sorted(kwargs), "accepted")
    except Exception as error:
        print(sorted(kwargs), type(error).__name__)
with wandb.init(project="demo", name="good") as run:
    run.log({"loss": 0.5})
