"""Sweeps: made in Python and on the command line, agents with a function and with a program, limits, states."""
import json, textwrap, threading
from judge import *

GRID = {"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "parameters": {"a": {"values": [1, 2]}, "b": {"values": [10, 20]}}}


def found(sweep_id):
    return api().sweep(f"{entity()}/{PROJECT}/{sweep_id}")


def train():
    with wandb.init() as r:
        r.log({"loss": r.config["a"] * r.config.get("b", 1)})


def in_process(sweep_id, function=train, count=None, seconds=90):
    """An agent with a function, run to its end in a process of its own, as its threads outlive a failure."""
    cwd = tmp()
    write(f"{cwd}/agent.py", textwrap.dedent(f"""
        import wandb
        def train():
            with wandb.init() as r:
                r.log({{"loss": r.config["a"] * r.config.get("b", 1)}})
        wandb.agent({sweep_id!r}, function=train, count={count!r}, project={PROJECT!r})
    """))
    return command(sys.executable, "agent.py", cwd=cwd, seconds=seconds)


@check(seconds=150)
def grid_with_a_function():
    sweep_id = new_sweep(GRID)
    code, output = in_process(sweep_id)
    same("exit code " + output[-300:], code, 0)
    sweep = found(sweep_id)
    got = sorted((r.config["a"], r.config["b"], r.summary["loss"], r.state) for r in sweep.runs)
    same("runs", got, [(1, 10, 10, "finished"), (1, 20, 20, "finished"), (2, 10, 20, "finished"), (2, 20, 40, "finished")])
    same("state", until("FINISHED", lambda: str(found(sweep_id).state).upper() == "FINISHED"), True)
    same("best run", found(sweep_id).best_run().summary["loss"], 10)
    same("sweep of a run", sweep.runs[0].sweep.id, sweep_id)
    same("sweep name of a run", fetch(sweep.runs[0].id).sweep_name, sweep_id)
    same("runs by filter", len(api().runs(f"{entity()}/{PROJECT}", filters={"sweep": sweep_id})), 4)


@check(seconds=150)
def grid_with_a_program():
    cwd = tmp()
    write(f"{cwd}/train.py", textwrap.dedent("""
        import argparse, wandb
        p = argparse.ArgumentParser(); p.add_argument("--a", type=int); p.add_argument("--lr", type=float)
        args = p.parse_args()
        with wandb.init(config=vars(args)) as r:
            r.log({"loss": args.a * args.lr})
    """))
    write(f"{cwd}/sweep.yaml", textwrap.dedent(f"""
        program: train.py
        method: grid
        metric: {{name: loss, goal: maximize}}
        parameters:
          a: {{values: [1, 2, 3]}}
          lr: {{value: 0.5}}
        command: ["{sys.executable}", "${{program}}", "${{args}}"]
    """))
    code, output = cli("sweep", "--project", PROJECT, "sweep.yaml", cwd=cwd)
    same("exit code of `wandb sweep` " + output[-300:], code, 0)
    sweep_id = output.split("wandb agent ")[1].split()[0].split("/")[-1]
    code, output = cli("agent", f"{entity()}/{PROJECT}/{sweep_id}", cwd=cwd, seconds=120)
    same("exit code of `wandb agent` " + output[-300:], code, 0)
    runs = list(found(sweep_id).runs)
    same("runs", sorted((r.config["a"], r.config["lr"], r.summary["loss"]) for r in runs), [(1, 0.5, 0.5), (2, 0.5, 1.0), (3, 0.5, 1.5)])
    same("states", {r.state for r in runs}, {"finished"})
    same("best run", found(sweep_id).best_run().config["a"], 3)


@check(seconds=120)
def random_with_run_cap():
    config = {"method": "random", "run_cap": 3, "metric": {"name": "loss", "goal": "minimize"},
              "parameters": {"a": {"distribution": "uniform", "min": 0.0, "max": 1.0}, "b": {"distribution": "int_uniform", "min": 1, "max": 5},
                             "c": {"values": ["x", "y"]}, "d": {"distribution": "log_uniform_values", "min": 0.001, "max": 10.0},
                             "e": {"distribution": "q_uniform", "min": 0, "max": 100, "q": 10}, "f": {"distribution": "normal", "mu": 0.0, "sigma": 1.0}, "g": {"value": "fixed"}}}
    sweep_id = new_sweep(config)
    code, output = in_process(sweep_id)
    same("exit code " + output[-300:], code, 0)
    runs = list(found(sweep_id).runs)
    same("number of runs", len(runs), 3)
    for r in runs:
        c = r.config
        assert 0 <= c["a"] <= 1 and c["b"] in range(1, 6) and c["c"] in "xy" and 0.001 <= c["d"] <= 10 and c["e"] % 10 == 0 and c["g"] == "fixed", f"config: {dict(c)}"
    assert len({r.config["a"] for r in runs}) == 3, f"values of a: {[r.config['a'] for r in runs]}"
    until("FINISHED", lambda: str(found(sweep_id).state).upper() == "FINISHED")


@check(seconds=120)
def count_and_second_agent():
    sweep_id = new_sweep(GRID)
    code, output = in_process(sweep_id, count=1)
    same("exit code " + output[-300:], code, 0)
    same("after --count 1", len(found(sweep_id).runs), 1)
    code, output = in_process(sweep_id)
    same("exit code of the second " + output[-300:], code, 0)
    same("all, none twice", sorted((r.config["a"], r.config["b"]) for r in found(sweep_id).runs), [(1, 10), (1, 20), (2, 10), (2, 20)])


@check(seconds=120)
def two_agents_at_once():
    config = {**GRID, "parameters": {"a": {"values": [1, 2, 3]}, "b": {"values": [10, 20]}}}
    sweep_id = new_sweep(config)
    results = []
    agents = [threading.Thread(target=lambda: results.append(in_process(sweep_id))) for _ in range(2)]
    for agent in agents:
        agent.start()
    for agent in agents:
        agent.join(110)
    same("exit codes", [code for code, _ in results], [0, 0])
    same("all, none twice", sorted((r.config["a"], r.config["b"]) for r in found(sweep_id).runs), [(a, b) for a in (1, 2, 3) for b in (10, 20)])


@check(seconds=90)
def pause_resume_stop_cancel():
    sweep_id = new_sweep(GRID)
    same("one run", in_process(sweep_id, count=1)[0], 0)
    path = f"{entity()}/{PROJECT}/{sweep_id}"
    for flag, state in (("--pause", "PAUSED"), ("--resume", "RUNNING"), ("--stop", "FINISHED")):
        code, output = cli("sweep", flag, path)
        same(f"exit code of {flag} {output[-200:]}", code, 0)
        same(f"state after {flag}", str(found(sweep_id).state).upper(), state)
    code, output = in_process(sweep_id, seconds=60)
    same("a stopped sweep gives no run: exit code", code, 0)
    same("number of runs", len(found(sweep_id).runs), 1)
    other = new_sweep(GRID)
    same("one run", in_process(other, count=1)[0], 0)
    code, output = cli("sweep", "--cancel", f"{entity()}/{PROJECT}/{other}")
    same("exit code of --cancel " + output[-200:], code, 0)
    state = str(found(other).state).upper()
    assert state in ("CANCELED", "CANCELLED"), f"state after --cancel: {state}"


@check(seconds=120)
def cancel_stops_a_run():
    cwd = tmp()
    write(f"{cwd}/long.py", textwrap.dedent("""
        import time, wandb
        r = wandb.init()
        r.log({"loss": 1})
        open("started", "w").close()
        for i in range(600):
            time.sleep(0.1)
        r.finish()
    """))
    config = {"program": "long.py", "method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "parameters": {"a": {"values": [1, 2, 3]}}, "command": [sys.executable, "${program}"]}
    sweep_id = new_sweep(config)
    agent = subprocess.Popen([os.path.join(os.path.dirname(sys.executable), "wandb"), "agent", f"{entity()}/{PROJECT}/{sweep_id}"], cwd=cwd, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until("the first run has started", lambda: os.path.exists(f"{cwd}/started"), 40)
        code, output = cli("sweep", "--cancel", f"{entity()}/{PROJECT}/{sweep_id}")
        same("exit code of --cancel " + output[-200:], code, 0)
        agent.wait(60)
    finally:
        if agent.poll() is None:
            agent.kill()
    same("only one run", len(found(sweep_id).runs), 1)


@check(seconds=90)
def failing_program():
    cwd = tmp()
    write(f"{cwd}/bad.py", "import wandb\nr = wandb.init()\nr.log({'loss': 1})\nimport sys; sys.exit(3)\n")
    config = {"program": "bad.py", "method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "parameters": {"a": {"values": [1, 2]}}, "command": [sys.executable, "${program}"]}
    sweep_id = new_sweep(config)
    cli("agent", f"{entity()}/{PROJECT}/{sweep_id}", cwd=cwd, seconds=80)
    same("states", [r.state for r in found(sweep_id).runs], ["failed", "failed"])


@check
def update_a_sweep():
    sweep_id = new_sweep(GRID)
    cwd = tmp()
    write(f"{cwd}/s.yaml", "method: grid\nname: renamed\nmetric: {name: loss, goal: minimize}\nparameters: {a: {values: [1, 2, 3]}}\n")
    code, output = cli("sweep", "--project", PROJECT, "--update", f"{entity()}/{PROJECT}/{sweep_id}", "s.yaml", cwd=cwd)
    same("exit code " + output[-300:], code, 0)
    same("config", found(sweep_id).config["parameters"]["a"]["values"], [1, 2, 3])


@check
def nested_parameters():
    config = {"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "parameters": {"opt": {"parameters": {"lr": {"values": [0.1, 0.2]}, "kind": {"value": "adam"}}}, "a": {"value": 1}}}
    sweep_id = new_sweep(config)
    code, output = in_process(sweep_id)
    same("exit code " + output[-300:], code, 0)
    same("nested values", sorted(r.config["opt"]["lr"] for r in found(sweep_id).runs), [0.1, 0.2])


@check
def bayes_runs():
    config = {"method": "bayes", "run_cap": 2, "metric": {"name": "loss", "goal": "minimize"}, "parameters": {"a": {"min": 0.0, "max": 1.0}}}
    sweep_id = new_sweep(config)
    code, output = in_process(sweep_id)
    same("exit code " + output[-300:], code, 0)
    same("number of runs", len(found(sweep_id).runs), 2)


@check
def prior_runs():
    with run(config={"a": 1, "b": 10}) as r:
        r.log({"loss": 5})
    sweep_id = new_sweep(GRID, prior_runs=[r.id])
    note(f"runs of a sweep with one prior run: {len(found(sweep_id).runs)}")


@check
def agents_of_a_sweep():
    sweep_id = new_sweep(GRID)
    same("one run", in_process(sweep_id, count=1)[0], 0)
    try:
        agents = found(sweep_id).agents()
        note(f"agents: {[(a.id, a.state) for a in agents]}"[:150])
    except Exception as error:
        note(f"agents(): {short(str(error), 120)}")


@check
def bad_configs():
    text = refused("an unknown method", lambda: new_sweep({"method": "magic", "parameters": {"a": {"values": [1]}}}))
    note(f"unknown method: {short(text, 100)}")
    code, output = cli("agent", f"{entity()}/{PROJECT}/nosuchsweep", seconds=40)
    assert code != 0 or "not find" in output.lower() or "error" in output.lower(), f"agent of a missing sweep: {code} {output[-200:]}"


if __name__ == "__main__":
    main()
