"""Runs that go on: resume, rewind, fork, the same id twice, offline parts."""
import glob, json
from judge import *


def rows_of(run_id, key="v"):
    return [(r["_step"], r[key]) for r in fetch(run_id).scan_history() if key in r]


def begin(n=5, run_id=None, **kwargs):
    run_id = run_id or ids()
    with run(id=run_id, **kwargs) as r:
        for i in range(n):
            r.log({"v": i})
    return run_id


@check
def resume_allow_existing():
    run_id = begin(config={"a": 1, "b": 2}, tags=["t"], notes="n", name="kept")
    with run(id=run_id, resume="allow", config={"b": 3, "c": 4}) as r:
        same("resumed", r.resumed, True)
        same("starting_step", r.starting_step, 5)
        same("name", r.name, "kept")
        same("config a", r.config["a"], 1)
        r.log({"v": 50})
        same("step", r.step, 6)
    same("rows", rows_of(run_id), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 50)])
    got = fetch(run_id)
    same("state", got.state, "finished")
    same("config", got.config, {"a": 1, "b": 3, "c": 4})
    same("tags, notes, name", (list(got.tags), got.notes, got.name), (["t"], "n", "kept"))
    same("summary", got.summary["v"], 50)
    same("lines", got._attrs.get("historyLineCount"), 6)


@check
def resume_allow_absent():
    run_id = ids()
    with run(id=run_id, resume="allow") as r:
        same("resumed", r.resumed, False)
        r.log({"v": 1})
    same("rows", rows_of(run_id), [(0, 1)])


@check
def resume_must():
    run_id = begin()
    with run(id=run_id, resume="must") as r:
        r.log({"v": 5})
    same("rows", rows_of(run_id), [(i, i) for i in range(6)])
    text = refused("resume=must of an absent run", lambda: run(id=ids(), resume="must"))
    assert "resume" in text.lower(), f"message: {text}"


@check
def resume_never():
    run_id = begin()
    text = refused("resume=never of an existing run", lambda: run(id=run_id, resume="never"))
    assert "exists" in text.lower(), f"message: {text}"
    wandb.teardown()
    same("rows are untouched", rows_of(run_id), [(i, i) for i in range(5)])
    with run(id=ids(), resume="never") as r:
        r.log({"v": 1})
    same("a new id is fine", rows_of(r.id), [(0, 1)])


@check
def resume_thrice_keeps_console_and_events():
    run_id = ids()
    for part in range(3):
        cwd = tmp()
        write(f"{cwd}/part.py", f"import wandb\nr = wandb.init(id={run_id!r}, resume='allow')\nprint('part {part} speaks')\nr.log({{'v': {part}}})\nr.finish()\n")
        code, output = command(sys.executable, "part.py", cwd=cwd, env={"WANDB_CONSOLE": "wrap"})
        same(f"exit code of part {part} {output[-200:]}", code, 0)
    same("rows", rows_of(run_id), [(0, 0), (1, 1), (2, 2)])
    lines = [x.content.strip() for x in fetch(run_id).console_logs()]
    same("console", [x for x in lines if x.startswith("part ")], [f"part {i} speaks" for i in range(3)])


@check
def resume_after_a_failure():
    run_id = ids()
    r = run(id=run_id)
    r.log({"v": 0})
    r.finish(exit_code=1)
    same("state", fetch(run_id).state, "failed")
    with run(id=run_id, resume="must") as r:
        same("running again", until("state running", lambda: fetch(run_id).state == "running"), True)
        r.log({"v": 1})
    same("state", fetch(run_id).state, "finished")
    same("rows", rows_of(run_id), [(0, 0), (1, 1)])


@check
def resume_after_sparse_steps():
    run_id = ids()
    with run(id=run_id) as r:
        r.log({"v": 1}, step=10)
        r.log({"v": 2}, step=99)
    with run(id=run_id, resume="must") as r:
        same("starting_step", r.starting_step, 100)
        r.log({"v": 3})
    same("rows", rows_of(run_id), [(10, 1), (99, 2), (100, 3)])


@check
def resume_runtime_goes_on():
    run_id = begin()
    first = fetch(run_id).summary["_runtime"]
    with run(id=run_id, resume="must") as r:
        r.log({"v": 9})
    last = list(fetch(run_id).scan_history())[-1]["_runtime"]
    assert last >= first, f"_runtime went back: {first} → {last}"


@check
def resume_keeps_the_old_summary():
    run_id = ids()
    with run(id=run_id) as r:
        r.log({"only_first": 1, "v": 1})
        r.summary["best"] = 7
    with run(id=run_id, resume="must") as r:
        r.log({"v": 2})
    summary = fetch(run_id).summary
    same("summary", (summary["only_first"], summary["best"], summary["v"]), (1, 7, 2))


@check
def same_id_without_resume():
    run_id = begin(5)
    with run(id=run_id) as r:
        r.log({"v": 100})
    got = fetch(run_id)
    same("state", got.state, "finished")
    rows = rows_of(run_id)
    assert any(v == 100 for _, v in rows), f"the new point is missing: {rows}"
    steps = [s for s, _ in rows]
    note(f"steps after a second run of the same id: {steps}")
    same("no step twice", len(set(steps)), len(steps))


@check
def rewind():
    run_id = begin(10)
    try:
        r = run(resume_from=f"{run_id}?_step=4")
    except wandb.Error as error:
        raise AssertionError(f"resume_from: {error}")
    with r:
        same("id", r.id, run_id)
        r.log({"v": 500})
        r.log({"v": 600})
    same("rows", rows_of(run_id), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 500), (6, 600)])
    same("summary", fetch(run_id).summary["v"], 600)
    same("lines", fetch(run_id)._attrs.get("historyLineCount"), 7)


@check
def rewind_of_an_absent_run():
    refused("resume_from an absent run", lambda: run(resume_from=f"{ids()}?_step=1"))


@check
def fork():
    parent = begin(10, config={"p": 1})
    child = ids()
    with run(fork_from=f"{parent}?_step=4", id=child) as r:
        r.log({"v": 500})
    same("rows of the child", rows_of(child), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 500)])
    same("rows of the parent", rows_of(parent), [(i, i) for i in range(10)])
    same("branch point", json.loads(fetch(child).json_config)["_wandb"]["value"]["branch_point"]["run_id"], parent)


@check
def fork_twice():
    a = begin(5)
    b, c = ids(), ids()
    with run(fork_from=f"{a}?_step=2", id=b) as r:
        r.log({"v": 30})
    with run(fork_from=f"{b}?_step=3", id=c) as r:
        r.log({"v": 40})
    same("rows", rows_of(c), [(0, 0), (1, 1), (2, 2), (3, 30), (4, 40)])


@check
def online_then_offline_then_sync():
    run_id = begin(3)
    cwd = tmp()
    with run(id=run_id, mode="offline", dir=cwd, resume="allow") as r:
        r.log({"v": 33}, step=3)
        r.log({"v": 44}, step=4)
    code, output = cli("sync", *glob.glob(f"{cwd}/wandb/offline-run-*"))
    same("exit code " + output[-200:], code, 0)
    same("rows", rows_of(run_id), [(0, 0), (1, 1), (2, 2), (3, 33), (4, 44)])


@check
def auto_resume():
    cwd = tmp()
    os.makedirs(f"{cwd}/wandb", exist_ok=True)
    write(f"{cwd}/crash.py", "import os, sys, wandb\nr = wandb.init(resume='auto')\nopen('id','a').write(r.id + '\\n')\nr.log({'v': 1})\nif len(sys.argv) > 1: r.finish(exit_code=1); os._exit(1)\nr.finish()\n")
    command(sys.executable, "crash.py", "die", cwd=cwd)
    command(sys.executable, "crash.py", cwd=cwd)
    first, second = open(f"{cwd}/id").read().split()
    same("id of the second start", second, first)
    same("steps", [s for s, _ in rows_of(first)], [0, 1])


if __name__ == "__main__":
    main()
