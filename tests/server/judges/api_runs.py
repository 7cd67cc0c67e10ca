"""Projects, lists of runs with filters and orders, paging, runs and projects made by the API."""
import datetime
from judge import *

LIST = PROJECT + "-list"


def runs(filters=None, order="+created_at", project=LIST, **kwargs):
    return api().runs(f"{entity()}/{project}", filters=filters, order=order, **kwargs)


def names(filters=None, order="+created_at", **kwargs):
    return [r.name for r in runs(filters, order, **kwargs)]


def accepted(what, filters, want):
    """A spelling that is not documented: a note says what became of it."""
    try:
        got = names(filters)
    except Exception as error:
        got = f"error {short(str(error), 80)}"
    if got != want:
        note(f"filter {what}: {got}")


def ensure():
    """Eight runs r0..r7 to ask about; made once."""
    if ensure.made:
        return
    for i in range(8):
        r = run(project=LIST, name=f"r{i}", tags=[f"t{i % 2}", "all"], group=f"g{i % 3}", job_type="eval" if i > 5 else "train",
                config={"lr": i / 10, "opt": "adam" if i % 2 else "sgd", "deep": {"x": i}, "flag": i > 3, **({"only": 1} if i == 7 else {})}, notes=f"note {i}")
        r.log({"acc": i * 10, "loss": -i, "n": {"m": i}})
        if i == 6:
            r.summary["special"] = "yes"
        r.finish(exit_code=1 if i == 5 else 0)
    ensure.made = True


ensure.made = False


@check(seconds=120)
def eight_runs():
    ensure()
    same("all", names(), [f"r{i}" for i in range(8)])
    same("len()", len(runs()), 8)


@check
def light_and_full():
    ensure()
    light = runs()[3]
    same("config of a lazy run", light.config["lr"], 0.3)
    same("summary of a lazy run", light.summary["acc"], 30)
    full = runs(lazy=False)[3]
    same("config of a full run", full.config["deep"], {"x": 3})
    same("history from a list", [x["acc"] for x in full.history(pandas=False)], [30])


@check
def filter_states():
    ensure()
    same("failed", names({"state": "failed"}), ["r5"])
    same("finished", len(names({"state": "finished"})), 7)
    same("Finished in capitals or $in", names({"state": {"$in": ["failed", "crashed"]}}), ["r5"])
    same("$ne", len(names({"state": {"$ne": "finished"}})), 1)


@check
def filter_names():
    ensure()
    same("display_name", names({"display_name": "r3"}), ["r3"])
    same("display_name regex", names({"display_name": {"$regex": "r[1-3]"}}), ["r1", "r2", "r3"])
    same("regex anchors", names({"display_name": {"$regex": "^r7$"}}), ["r7"])
    run_id = runs({"display_name": "r2"})[0].id
    same("name (the id)", names({"name": run_id}), ["r2"])
    same("$in of names", names({"name": {"$in": [run_id, "nope"]}}), ["r2"])
    accepted("displayName", {"displayName": "r3"}, ["r3"])


@check
def filter_config():
    ensure()
    same("equal", names({"config.opt": "sgd"}), ["r0", "r2", "r4", "r6"])
    same("number", names({"config.lr": 0.3}), ["r3"])
    same("$gt", names({"config.lr": {"$gt": 0.5}}), ["r6", "r7"])
    same("$gte and $lt", names({"config.lr": {"$gte": 0.2, "$lt": 0.4}}), ["r2", "r3"])
    same("$lte", names({"config.lr": {"$lte": 0.1}}), ["r0", "r1"])
    same("$ne", names({"config.opt": {"$ne": "sgd"}}), ["r1", "r3", "r5", "r7"])
    same("$in", names({"config.lr": {"$in": [0.1, 0.7]}}), ["r1", "r7"])
    same("$nin", names({"config.lr": {"$nin": [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]}}), ["r6", "r7"])
    same(".value", names({"config.lr.value": 0.3}), ["r3"])
    same("nested", names({"config.deep.x": 4}), ["r4"])
    same("boolean", names({"config.flag": True}), ["r4", "r5", "r6", "r7"])
    same("$exists true", names({"config.only": {"$exists": True}}), ["r7"])
    same("$exists false", len(names({"config.only": {"$exists": False}})), 7)
    same("absent key", names({"config.nope": 1}), [])


@check
def filter_summary():
    ensure()
    same("$gt", names({"summary_metrics.acc": {"$gt": 50}}), ["r6", "r7"])
    same("equal", names({"summary_metrics.acc": 20}), ["r2"])
    same("negative", names({"summary_metrics.loss": {"$lt": -5}}), ["r6", "r7"])
    same("nested", names({"summary_metrics.n.m": 5}), ["r5"])
    same("text", names({"summary_metrics.special": "yes"}), ["r6"])


@check
def filter_tags_group_job():
    ensure()
    same("tags", names({"tags": "t1"}), ["r1", "r3", "r5", "r7"])
    same("tags $in", names({"tags": {"$in": ["t0"]}}), ["r0", "r2", "r4", "r6"])
    same("tags $nin", names({"tags": {"$nin": ["t0"]}}), ["r1", "r3", "r5", "r7"])
    same("tags of all", len(names({"tags": "all"})), 8)
    same("group", names({"group": "g1"}), ["r1", "r4", "r7"])
    same("jobType", names({"jobType": "eval"}), ["r6", "r7"])
    same("username", len(names({"username": api().viewer.username})), 8)
    same("notes", names({"notes": {"$regex": "note 4"}}), ["r4"])


@check
def filter_logic():
    ensure()
    same("$and", names({"$and": [{"config.opt": "sgd"}, {"config.lr": {"$gt": 0.3}}]}), ["r4", "r6"])
    same("$or", names({"$or": [{"display_name": "r1"}, {"display_name": "r6"}]}), ["r1", "r6"])
    same("$nor", names({"$nor": [{"config.opt": "sgd"}, {"config.lr": {"$gt": 0.2}}]}), ["r1"])
    same("$not", names({"config.lr": {"$not": {"$gt": 0.2}}}), ["r0", "r1", "r2"])
    same("nested logic", names({"$or": [{"$and": [{"tags": "t1"}, {"group": "g0"}]}, {"display_name": "r2"}]}), ["r2", "r3"])
    same("two keys", names({"config.opt": "adam", "tags": "t1", "group": "g1"}), ["r1", "r7"])
    same("empty $and", len(names({"$and": []})), 8)
    text = refused("unknown operator", lambda: names({"config.lr": {"$frobnicate": 1}}))
    note(f"unknown operator: {short(text, 90)}")


@check
def filter_created_at():
    ensure()
    past = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    same("created since an hour", len(names({"created_at": {"$gte": past}})), 8)
    same("created before an hour", names({"created_at": {"$lt": past}}), [])
    accepted("createdAt", {"createdAt": {"$gt": past}}, [f"r{i}" for i in range(8)])
    third = runs({"display_name": "r3"})[0].created_at
    got = names({"created_at": {"$lte": third}})
    assert "r3" in got and "r5" not in got, f"created_at <= that of r3: {got}"


@check
def orders():
    ensure()
    same("+created_at", names(order="+created_at"), [f"r{i}" for i in range(8)])
    same("-created_at", names(order="-created_at"), [f"r{7 - i}" for i in range(8)])
    same("+summary", names(order="+summary_metrics.loss"), [f"r{7 - i}" for i in range(8)])
    same("-summary", names(order="-summary_metrics.acc"), [f"r{7 - i}" for i in range(8)])
    same("-config", names(order="-config.lr.value"), [f"r{7 - i}" for i in range(8)])
    same("+config without .value", names(order="+config.lr"), [f"r{i}" for i in range(8)])
    same("default order", len(list(api().runs(f"{entity()}/{LIST}"))), 8)
    same("heartbeat", sorted(names(order="-heartbeat_at")), [f"r{i}" for i in range(8)])
    same("display name", names(order="-display_name"), [f"r{7 - i}" for i in range(8)])
    same("absent key sorts all the same", sorted(names(order="-summary_metrics.special")), [f"r{i}" for i in range(8)])


@check
def filters_with_len_and_slices():
    ensure()
    found = runs({"tags": "t1"}, per_page=2)
    same("len() with a filter", len(found), 4)
    same("index", found[3].name, "r7")
    same("slice", [r.name for r in found[1:3]], ["r3", "r5"])
    refused("index beyond the end", lambda: found[4], IndexError)


@check
def update_all_of_a_list():
    ensure()
    for r in runs({"group": "g2"}):
        r.tags = list(r.tags) + ["marked"]
        r.update()
    same("marked", names({"tags": "marked"}), ["r2", "r5"])


@check
def histories_of_a_list():
    ensure()
    table = runs({"group": "g1"}).histories(keys=["acc"], format="default")
    same("rows", sorted(r["acc"] for r in table), [10, 40, 70])


@check(seconds=240)
def paging_of_120_runs():
    project, who = PROJECT + "-many", entity()
    for i in range(120):
        api_().create_run(run_id=f"p{i:03}", project=project, entity=who)
    found = api().runs(f"{who}/{project}", order="+created_at", per_page=50)
    same("len()", len(found), 120)
    got = [r.id for r in found]
    same("number without doubles", (len(got), len(set(got))), (120, 120))
    same("order", got, [f"p{i:03}" for i in range(120)])
    same("pages of 7", len({r.id for r in api().runs(f"{who}/{project}", per_page=7)}), 120)


_shared = []


def api_():
    """One Api for many calls."""
    if not _shared:
        _shared.append(api())
    return _shared[0]


@check
def create_run():
    made = api().create_run(run_id=(run_id := ids()), project=PROJECT + "-made", entity=entity())
    same("id", made.id, run_id)
    got = fetch(run_id, PROJECT + "-made")
    note(f"state of a run made by the API: {got.state}")
    assert got.name, "no display name"
    got.config["a"] = 1
    got.name = "named"
    got.update()
    got = fetch(run_id, PROJECT + "-made")
    same("config, name", (got.config["a"], got.name), (1, "named"))
    generated = api().create_run(project=PROJECT + "-made", entity=entity())
    assert generated.id and generated.id != run_id, f"generated id: {generated.id!r}"


@check
def projects():
    name = PROJECT + "-empty"
    api().create_project(name, entity())
    listed = [p.name for p in api().projects(entity(), per_page=3)]
    assert name in listed, f"projects() lacks {name}: {short(listed)}"
    same("no project twice", len(set(listed)), len(listed))
    project = api().project(name, entity())
    same("name, entity", (project.name, project.entity), (name, entity()))
    assert project.id, "project.id is empty"
    same("runs of an empty project", list(api().runs(f"{entity()}/{name}")), [])
    same("len() of an empty project", len(api().runs(f"{entity()}/{name}")), 0)
    api().create_project(name, entity())
    same("made twice, listed once", [p.name for p in api().projects(entity())].count(name), 1)
    assert project.created_at, "created_at is empty"
    refused("a project that is not there", lambda: api().project(f"nope-{ids()}", entity()).id)


@check
def paths():
    with run() as r:
        r.log({"a": 1})
    who = entity()
    for path in (f"{who}/{PROJECT}/{r.id}", f"{PROJECT}/{r.id}", f"{who}/{PROJECT}/runs/{r.id}", f"/{who}/{PROJECT}/{r.id}"):
        same(f"api.run({path!r})", api().run(path).id, r.id)
    same("from_path", wandb.Api().from_path(f"{who}/{PROJECT}/runs/{r.id}").id, r.id)


@check
def sweeps_by_api():
    sweep_id = new_sweep({"method": "grid", "name": "sw", "metric": {"name": "loss", "goal": "minimize"}, "parameters": {"a": {"values": [1, 2]}}})
    found = api().sweep(f"{entity()}/{PROJECT}/{sweep_id}")
    same("id, state", (found.id, str(found.state).upper()), (sweep_id, "PENDING"))
    same("config", found.config["parameters"]["a"]["values"], [1, 2])
    same("name", found.name, "sw")
    same("runs", list(found.runs), [])
    same("expected_run_count", found.expected_run_count, 2)
    listed = [s.id for s in api().project(PROJECT, entity()).sweeps()]
    assert sweep_id in listed, f"project.sweeps() lacks {sweep_id}: {listed}"
    refused("a sweep that is not there", lambda: api().sweep(f"{entity()}/{PROJECT}/nope{ids()}"))


@check
def users():
    viewer = api().viewer
    same("user(name)", api().user(viewer.username).username, viewer.username)
    same("user that is not there", api().user("nobody-" + ids()), None)


@check
def flush_and_reread():
    with run() as r:
        r.log({"a": 1})
    one = api()
    path = f"{entity()}/{PROJECT}/{r.id}"
    same("cached", one.run(path).name, r.name)
    other = api().run(path)
    other.name = "changed"
    other.update()
    one.flush()
    same("after flush()", one.run(path).name, "changed")


if __name__ == "__main__":
    main()
