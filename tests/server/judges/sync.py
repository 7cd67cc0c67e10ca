"""Offline runs and `wandb sync`."""
import glob
from judge import *


def offline(n=10, **kwargs):
    """An offline run; returns its id and its directory."""
    cwd = tmp()
    with run(mode="offline", dir=cwd, **kwargs) as r:
        for i in range(n):
            r.log({"v": i, "w": {"x": -i}})
        r.summary["best"] = 1
    return r.id, glob.glob(f"{cwd}/wandb/offline-run-*")[0]


def sync(*args):
    code, output = cli("sync", *args)
    assert code == 0, f"wandb sync: exit code {code}: {output[-300:]}"
    return output


def values(run_id, project=PROJECT):
    return [(r["_step"], r["v"]) for r in fetch(run_id, project).scan_history()]


@check
def plain():
    run_id, path = offline(name="off", tags=["x"], notes="n", config={"a": {"b": 1}})
    output = sync(path)
    assert run_id in output or "off" in output, f"output names the run: {output}"
    got = fetch(run_id)
    same("rows", values(run_id), [(i, i) for i in range(10)])
    same("state", got.state, "finished")
    same("name, tags, notes", (got.name, list(got.tags), got.notes), ("off", ["x"], "n"))
    same("config", got.config, {"a": {"b": 1}})
    same("summary", (got.summary["v"], got.summary["best"]), (9, 1))
    assert glob.glob(f"{path}/*.synced"), f".synced was not written in {os.listdir(path)}"
    names = {f.name for f in got.files()}
    assert {"config.yaml", "wandb-summary.json"} <= names, f"files: {sorted(names)}"


@check
def twice_does_not_double():
    run_id, path = offline(25)
    sync(path)
    sync("--include-synced", path)
    same("rows by scan_history", values(run_id), [(i, i) for i in range(25)])
    same("rows by history()", len(fetch(run_id).history(pandas=False)), 25)
    same("rows by history(keys)", [r["v"] for r in fetch(run_id).history(keys=["v"], pandas=False)], list(range(25)))
    keys = fetch(run_id)._attrs["historyKeys"]["keys"]["v"]["typeCounts"]
    same("count of points", sum(t["count"] for t in keys), 25)


@check
def three_times_under_pressure():
    run_id, path = offline(300)
    for _ in range(3):
        sync("--include-synced", path)
    same("rows", values(run_id), [(i, i) for i in range(300)])


@check
def new_id():
    run_id, path = offline()
    other = ids()
    sync("--id", other, path)
    same("rows", values(other), [(i, i) for i in range(10)])
    refused("the old id", lambda: fetch(run_id))


@check
def other_project():
    run_id, path = offline()
    sync("-p", PROJECT + "-b", path)
    same("rows", values(run_id, PROJECT + "-b"), [(i, i) for i in range(10)])
    refused("the old project", lambda: fetch(run_id))


@check
def entity_given():
    run_id, path = offline()
    sync("-e", entity(), "-p", PROJECT + "-c", path)
    same("rows", values(run_id, PROJECT + "-c"), [(i, i) for i in range(10)])


@check
def foreign_entity_is_refused_or_made():
    run_id, path = offline()
    code, output = cli("sync", "-e", "no-such-entity-" + ids(), path, env={"WANDB_X_GRAPHQL_RETRY_MAX": "1"})
    note(f"foreign entity: exit {code}: {short(output[-160:])}")
    synced = glob.glob(f"{path}/*.synced")
    assert ("ERROR" in output or "rror" in output) != bool(synced), f"neither a clean error nor a sync: {output[-200:]}"


@check
def replace_tags_and_job_type():
    run_id, path = offline(tags=["old", "keep"])
    sync("--replace-tags", "old=new", "--job-type", "jt", path)
    got = fetch(run_id)
    same("tags", sorted(got.tags), ["keep", "new"])
    same("job type", got.job_type, "jt")


@check
def many_at_once():
    made = [offline(5) for _ in range(6)]
    sync(*[path for _, path in made])
    for run_id, _ in made:
        same(f"rows of {run_id}", values(run_id), [(i, i) for i in range(5)])


@check
def media_files_and_artifacts():
    cwd = tmp()
    with run(mode="offline", dir=cwd) as r:
        r.log({"t": wandb.Table(columns=["a"], data=[[1], [2]]), "h": wandb.Html("x")})
        artifact = wandb.Artifact("off-data", "dataset")
        artifact.add_file(write(f"{cwd}/in/a.txt", "hello"))
        r.log_artifact(artifact)
        r.save(write(f"{cwd}/in/keep.txt", "kept"), base_path=f"{cwd}/in")
    sync(glob.glob(f"{cwd}/wandb/offline-run-*")[0])
    got = fetch(r.id)
    names = {f.name for f in got.files()}
    assert "keep.txt" in names and any(n.startswith("media/table/") for n in names) and any(n.startswith("media/html/") for n in names), f"files: {sorted(names)}"
    artifacts = {a.name for a in got.logged_artifacts()}
    assert "off-data:v0" in artifacts, f"artifacts: {artifacts}"
    path = api().artifact(f"{entity()}/{PROJECT}/off-data:latest").download(tmp())
    same("content", open(f"{path}/a.txt").read(), "hello")


@check
def unfinished_log():
    """A run that was killed has no exit record: its rows arrive, its state is not finished."""
    cwd = tmp()
    write(f"{cwd}/die.py", "import os, signal, wandb\nr = wandb.init(mode='offline')\nopen('id','w').write(r.id)\n"
          "for i in range(20000): r.log({'v': i})\nos.kill(os.getpid(), signal.SIGKILL)\n")
    command(sys.executable, "die.py", cwd=cwd)
    run_id = open(f"{cwd}/id").read()
    sync("--include-online", glob.glob(f"{cwd}/wandb/offline-run-*")[0])
    got = fetch(run_id)
    assert got.state in ("failed", "crashed", "finished"), f"state: {got.state}"
    found = [r["v"] for r in got.scan_history()]
    same("rows without gaps", found, list(range(len(found))))
    assert len(found) > 1000, f"only {len(found)} rows"


@check
def online_directory():
    with run(dir=(cwd := tmp())) as r:
        for i in range(7):
            r.log({"v": i})
    sync("--include-online", glob.glob(f"{cwd}/wandb/run-*")[0])
    same("rows after a sync of an online run's directory", values(r.id), [(i, i) for i in range(7)])
    same("state", fetch(r.id).state, "finished")


@check(seconds=120)
def large():
    run_id, path = offline(30000)
    sync(path)
    found = values(run_id)
    same("number of rows", len(found), 30000)
    same("last row", found[-1], (29999, 29999))


if __name__ == "__main__":
    main()
