"""The training loop of the W&B guide, with nothing but the standard library.

wandb-rs run -- python3 examples/train.py
"""

import argparse
import random
import time

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--lr", type=float, default=0.01)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()

random.seed(args.seed)
offset = random.random() / 5

for epoch in range(args.epochs):
    accuracy = 1 - 2 ** -(epoch + 1) - random.random() / (epoch + 2) * offset
    loss = 2 ** -(epoch + 1) + random.random() / (epoch + 2) * offset
    print(f"epoch={epoch}, accuracy={accuracy}, loss={loss}")
    time.sleep(0.05)
