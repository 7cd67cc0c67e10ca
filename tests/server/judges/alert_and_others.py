"""The rest: alerts, code, save policies, preemption, watch, restore, TensorBoard, features a small server may lack (clean errors, no hang)."""
import json, textwrap, time
from judge import *


def clean(what, action, seconds=30):
    """The action may work or fail, but not hang: returns a word on what it did."""
    started = time.monotonic()
    try:
        result = action()
        said = f"works, {short(result, 60)}"
    except Late:
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {short(' '.join(str(error).split()), 110)}"
    took = time.monotonic() - started
    note(f"{what}: {said} ({took:.1f}s)")
    assert took < seconds, f"{what}: took {took:.0f} s"
    return said


@check
def alert():
    with run() as r:
        started = time.monotonic()
        r.alert(title="low", text="accuracy ü", level=wandb.AlertLevel.WARN, wait_duration=300)
        assert time.monotonic() - started < 10, "run.alert blocks"
        r.log({"a": 1})
    same("state", fetch(r).state, "finished")


@check
def log_code():
    where = tmp()
    write(f"{where}/main.py", "print(1)\n")
    write(f"{where}/pkg/mod.py", "x = 1\n")
    write(f"{where}/data.bin", "no")
    with run() as r:
        r.log_code(where, name="code-judge")
    code = [a for a in fetch(r).logged_artifacts() if a.type == "code"]
    same("code artifacts", [a.name for a in code], ["code-judge:v0"])
    same("files", sorted(f.name for f in code[0].files()), ["main.py", "pkg/mod.py"])


@check
def save_code():
    cwd = tmp()
    write(f"{cwd}/main.py", "import wandb\nr = wandb.init(save_code=True)\nopen('id','w').write(r.id)\nr.finish()\n")
    code, output = command(sys.executable, "main.py", cwd=cwd)
    same("exit code " + output[-200:], code, 0)
    got = fetch(open(f"{cwd}/id").read())
    names = [f.name for f in got.files()]
    assert any(n.startswith("code/") and n.endswith("main.py") for n in names), f"files: {names}"


@check
def preempting():
    r = run()
    r.log({"a": 1})
    r.mark_preempting()
    until("state preempting", lambda: fetch(r).state == "preempting", 15)
    r.finish(exit_code=1)
    same("state", fetch(r).state, "preempted")
    r = run()
    r.mark_preempting()
    r.finish(exit_code=0)
    same("preempting, then exit 0", fetch(r).state, "finished")


@check
def save_policies():
    where = tmp()
    with run() as r:
        write(f"{where}/live.txt", "one")
        r.save(f"{where}/live.txt", base_path=where, policy="live")
        r.save(write(f"{where}/end.txt", "end one"), base_path=where, policy="end")
        r.save(write(f"{where}/now.txt", "now"), base_path=where, policy="now")
        until("now.txt has arrived", lambda: [f.name for f in fetch(r).files(names=["now.txt"])] == ["now.txt"], 30)
        write(f"{where}/live.txt", "two, longer")
        write(f"{where}/end.txt", "end two")
    got = fetch(r)
    for name, want in (("live.txt", "two, longer"), ("end.txt", "end two"), ("now.txt", "now")):
        same(name, got.file(name).download(root=tmp(), replace=True).read(), want)


@check
def restore():
    with run() as r:
        r.save(write(f"{(d := tmp())}/w.txt", "weights"), base_path=d, policy="now")
    found = wandb.restore("w.txt", run_path="/".join(fetch(r).path), root=tmp())
    same("content", found.read(), "weights")
    code, output = cli("restore", "/".join(fetch(r).path), "--no-git", seconds=40)
    note(f"wandb restore --no-git: exit {code}")
    where = tmp()
    code, output = cli("pull", "/".join(fetch(r).path), cwd=where)
    if "No such command" not in output:
        same("exit code of wandb pull " + output[-200:], code, 0)


@check
def groups_and_job_types():
    group = ids()
    for kind in ("train", "eval"):
        with run(group=group, job_type=kind) as r:
            r.log({"a": 1})
    found = api().runs(f"{entity()}/{PROJECT}", filters={"group": group})
    same("job types of the group", sorted(r.job_type for r in found), ["eval", "train"])


@check
def git_state():
    cwd = tmp()
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@x"]
    for args in (["init", "-q"], ["remote", "add", "origin", "https://example.com/x.git"], ["commit", "-q", "--allow-empty", "-m", "m"]):
        code, output = command(*git, *args, cwd=cwd)
        same(f"git {args[0]} {output}", code, 0)
    write(f"{cwd}/s.py", "import wandb\nr = wandb.init()\nopen('id','w').write(r.id)\nr.finish()\n")
    code, output = command(sys.executable, "s.py", cwd=cwd)
    same("exit code " + output[-200:], code, 0)
    sha = command("git", "rev-parse", "HEAD", cwd=cwd)[1].strip()
    got = fetch(open(f"{cwd}/id").read())
    same("commit", got.commit, sha)
    same("metadata.git.commit", got.metadata["git"]["commit"], sha)


@check
def console_multipart():
    cwd = tmp()
    write(f"{cwd}/s.py", textwrap.dedent("""
        import wandb
        r = wandb.init(settings=wandb.Settings(console="wrap", console_multipart=True))
        open('id','w').write(r.id)
        print("hello from multipart")
        r.finish()
    """))
    code, output = command(sys.executable, "s.py", cwd=cwd)
    same("exit code " + output[-200:], code, 0)
    names = [f.name for f in fetch(open(f"{cwd}/id").read()).files()]
    assert any(n.startswith("logs/output_") for n in names), f"files: {names}"


@check
def gzip_and_derived_summary():
    with run(settings=wandb.Settings(x_file_stream_no_gzip=False)) as r:
        for i in range(50):
            r.log({"a": i})
    same("rows with gzip allowed", len(list(fetch(r).scan_history())), 50)
    with run(settings=wandb.Settings(x_server_side_derived_summary=True)) as r:
        for i in range(5):
            r.log({"a": i, "n": {"m": i}})
    same("summary derived by the server", fetch(r).summary.get("a"), 4)


@check
def extra_headers_and_label():
    with run(settings=wandb.Settings(x_extra_http_headers={"X-Judge": "1", "User-Agent": "judge"}, x_label="node-0", x_stats_sampling_interval=0.2)) as r:
        r.log({"a": 1})
    same("state", fetch(r).state, "finished")


@check
def file_stream_while_running():
    r = run(settings=wandb.Settings(x_file_stream_transmit_interval=0.5))
    r.log({"a": 0})
    for i in range(1, 4):
        r.log({"a": i})
        until(f"row {i} is visible while the run goes on", lambda: (fetch(r).lastHistoryStep or 0) >= i - 1, 15)
    same("state", fetch(r).state, "running")
    same("summary while running", until("summary", lambda: fetch(r).summary.get("a") is not None), True)
    r.finish()


@check
def huge_values():
    text = "x" * 2_000_000
    with run() as r:
        r.log({"text": text, "a": 1})
        r.log({"big": 2 ** 60, "small": 1e-300, "a": 2})
        r.config["long"] = text
    got = fetch(r)
    same("rows", [row["a"] for row in got.scan_history(keys=["a"])], [1, 2])
    same("length of the text", len(list(got.scan_history())[0]["text"]), len(text))
    same("big and small", [(row["big"], row["small"]) for row in got.scan_history(keys=["big", "small"])], [(2 ** 60, 1e-300)])
    same("length of the config value", len(got.config["long"]), len(text))


@check
def registries_and_teams_fail_cleanly():
    clean("create_registry", lambda: api().create_registry("judge", visibility="restricted", organization=entity()))
    clean("registries", lambda: [r.name for r in api().registries(organization=entity())])
    clean("registry", lambda: api().registry("model", organization=entity()).name)
    clean("create_team", lambda: api().create_team("judge-team-" + ids()))
    clean("team", lambda: api().team(entity()).name)
    clean("organization", lambda: api().organization(entity()))
    clean("create_user", lambda: api().create_user("x@example.com"))


@check
def automations_reports_queues_fail_cleanly():
    clean("automations", lambda: list(api().automations(entity=entity())))
    clean("integrations", lambda: list(api().integrations(entity=entity())))
    clean("reports", lambda: list(api().reports(f"{entity()}/{PROJECT}")))
    clean("create_run_queue", lambda: api().create_run_queue(name="q", type="local-process", entity=entity()))
    clean("run_queue", lambda: api().run_queue(entity(), "q").id)
    clean("list_jobs", lambda: api().list_jobs(entity(), PROJECT))
    clean("custom chart", lambda: api().create_custom_chart(entity(), "c" + ids(), "C", "vega2", "private", {}))
    clean("download_history_exports", lambda: fetch(api().create_run(run_id=ids(), project=PROJECT, entity=entity()).id).download_history_exports(tmp()))
    clean("beta_scan_history", lambda: len(list(fetch(api().create_run(run_id=ids(), project=PROJECT, entity=entity()).id).beta_scan_history())))


@check
def api_keys_fail_cleanly():
    clean("generate_api_key", lambda: bool(api().viewer.generate_api_key("judge")))
    clean("delete_api_key", lambda: api().viewer.delete_api_key("0" * 40))


@check
def disabled_and_offline_need_no_server():
    r = wandb.init(mode="disabled")
    r.log({"a": 1})
    r.finish()
    with run(mode="offline", dir=tmp()) as r:
        r.log({"a": 1})
    refused("an offline run on the server", lambda: fetch(r))


@check
def tensorboard_sync():
    if not __import__("importlib.util").util.find_spec("tensorboard"):
        note("tensorboard is not installed")
        return
    with run(sync_tensorboard=True) as r:
        r.log({"a": 1})
    same("state", fetch(r).state, "finished")


@check
def two_runs_with_one_name():
    for _ in range(2):
        with run(name="twin") as r:
            r.log({"a": 1})
    same("runs of this name", len(api().runs(f"{entity()}/{PROJECT}", filters={"display_name": "twin"})), 2)


@check
def deleted_id_again():
    with run(id=(run_id := ids())) as r:
        r.log({"a": 1})
    fetch(run_id).delete()
    said = clean("a run with the id of a deleted run", lambda: again(run_id), 40)
    note(said)


def again(run_id):
    with run(id=run_id, settings=wandb.Settings(init_timeout=8)) as r:
        r.log({"a": 2})
    return [row["a"] for row in fetch(run_id).scan_history()]


if __name__ == "__main__":
    main()
