"""Several writers, one run (mode="shared")."""
import textwrap
from judge import *


def writer(run_id, label, primary, n=5, console=False, hold=None):
    """A process that writes n rows into the shared run."""
    cwd = tmp()
    write(f"{cwd}/w.py", textwrap.dedent(f"""
        import os, time, wandb
        r = wandb.init(id={run_id!r}, project={PROJECT!r}, settings=wandb.Settings(mode="shared", x_primary={primary}, x_label={label!r},
            x_update_finish_state={primary}, console={'wrap' if console else 'off'!r}, x_stats_sampling_interval=0.2))
        open("ready", "w").close()
        for i in range({n}):
            r.log({{"{label}": i, "{label}_only": 10 * i}})
        print("{label} speaks")
        hold = {hold!r}
        while hold and not os.path.exists(hold):
            time.sleep(0.05)
        r.finish()
    """))
    return subprocess.Popen([sys.executable, "w.py"], cwd=cwd, env=environment(WANDB_CONSOLE="wrap" if console else "off"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True), cwd


def ended(child):
    _, said = child.communicate(timeout=50)
    same("exit code of a writer: " + said[-300:], child.returncode, 0)


@check(seconds=120)
def two_writers():
    run_id, flag = ids(), f"{tmp()}/go"
    primary, cwd = writer(run_id, "main", True, hold=flag)
    until("the primary is ready", lambda: os.path.exists(f"{cwd}/ready"), 30)
    second, _ = writer(run_id, "worker", False)
    ended(second)
    same("state while the primary goes on", fetch(run_id).state, "running")
    write(flag, "")
    ended(primary)
    got = fetch(run_id)
    same("state", got.state, "finished")
    for label in ("main", "worker"):
        same(f"points of {label}", sorted(r[label] for r in got.scan_history(keys=[label])), list(range(5)))
        same(f"history(keys) of {label}", sorted(r[label] for r in got.history(keys=[label], pandas=False)), list(range(5)))
    rows = list(got.scan_history())
    same("points in all rows", sum(("main" in r) + ("worker" in r) for r in rows), 10)
    same("summary", (got.summary["main"], got.summary["worker"]), (4, 4))


@check(seconds=120)
def console_of_both():
    run_id, flag = ids(), f"{tmp()}/go"
    primary, cwd = writer(run_id, "pa", True, console=True, hold=flag)
    until("the primary is ready", lambda: os.path.exists(f"{cwd}/ready"), 30)
    second, _ = writer(run_id, "pb", False, console=True)
    ended(second)
    write(flag, "")
    ended(primary)
    text = "\n".join(x.content for x in fetch(run_id).console_logs())
    assert "pa speaks" in text and "pb speaks" in text, f"console: {short(text, 300)}"


@check(seconds=150)
def four_writers_at_once():
    run_id, flag = ids(), f"{tmp()}/go"
    primary, cwd = writer(run_id, "w0", True, n=50, hold=flag)
    until("the primary is ready", lambda: os.path.exists(f"{cwd}/ready"), 30)
    others = [writer(run_id, f"w{i}", False, n=50)[0] for i in (1, 2, 3)]
    for child in others:
        ended(child)
    write(flag, "")
    ended(primary)
    got = fetch(run_id)
    for i in range(4):
        same(f"points of w{i}", sorted(r[f"w{i}"] for r in got.scan_history(keys=[f"w{i}"])), list(range(50)))
    labels = {k.split("/l:")[-1] for k in got.history(stream="system", pandas=False)[-1:] and {k for r in got.history(stream="system", samples=1000, pandas=False) for k in r} if "/l:" in k}
    note(f"labels of system metrics: {sorted(labels)}")


@check
def shared_resume():
    run_id = ids()
    for part in range(2):
        child, _ = writer(run_id, f"r{part}", True)
        ended(child)
    got = fetch(run_id)
    same("first part", sorted(r["r0"] for r in got.scan_history(keys=["r0"])), list(range(5)))
    same("second part", sorted(r["r1"] for r in got.scan_history(keys=["r1"])), list(range(5)))


if __name__ == "__main__":
    main()
