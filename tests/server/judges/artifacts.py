"""Artifacts: log, use, versions, aliases, edits, files, manifests, references, lineage, links, deletion, the command line."""
import datetime, hashlib, json
from judge import *


def log(name, files=None, kind="dataset", r=None, wait=True, aliases=None, tags=None, **kwargs):
    """Log one artifact made of {path: content}; returns it after the server has it."""
    artifact = wandb.Artifact(name, kind, **kwargs)
    where = tmp()
    for path, content in (files or {"a.txt": ids()}).items():
        artifact.add_file(write(f"{where}/{path}", content), name=path)
    own = r is None
    r = r or run()
    logged = r.log_artifact(artifact, aliases=aliases, tags=tags)
    if wait:
        logged.wait(timeout=50)
    if own:
        r.finish()
    return logged


def get(name, **kwargs):
    """An artifact whose files come from the server: 0.31.0's cache can hold other bytes than those of the digest after several runs in one process."""
    os.environ["WANDB_CACHE_DIR"] = tmp()
    return api().artifact(f"{entity()}/{PROJECT}/{name}", **kwargs)


def tree(root):
    found = {}
    for directory, _, names in os.walk(root):
        for name in names:
            path = os.path.join(directory, name)
            found[os.path.relpath(path, root)] = open(path, "rb").read()
    return found


@check
def basics():
    logged = log("basic", {"a.txt": "hello", "sub/b.bin": bytes(range(256))}, description="words ü", metadata={"n": 1, "deep": {"l": [1, None]}})
    same("version", logged.version, "v0")
    got = get("basic:v0")
    same("name", got.name, "basic:v0")
    same("qualified name", got.qualified_name, f"{entity()}/{PROJECT}/basic:v0")
    same("type", got.type, "dataset")
    same("state", got.state, "COMMITTED")
    same("description", got.description, "words ü")
    same("metadata", got.metadata, {"n": 1, "deep": {"l": [1, None]}})
    same("aliases", got.aliases, ["latest"])
    same("size", got.size, 5 + 256)
    same("file count", got.file_count, 2)
    want = hashlib.md5(b"wandb-artifact-manifest-v1\n" + b"".join(f"{p}:{e.digest}\n".encode() for p, e in sorted(got.manifest.entries.items()))).hexdigest()
    same("digest", got.digest, want)
    assert got.created_at and got.id, "created_at or id is empty"
    root = got.download(tmp())
    same("download", tree(root), {"a.txt": b"hello", "sub/b.bin": bytes(range(256))})
    got.verify(root)
    same("latest", get("basic").version, "v0")
    same("files()", sorted((f.name, f.size) for f in got.files()), [("a.txt", 5), ("sub/b.bin", 256)])
    same("files(names)", [f.name for f in got.files(names=["a.txt"])], ["a.txt"])
    same("one file", open(got.get_entry("a.txt").download(tmp())).read(), "hello")
    same("File.download", got.files(names=["a.txt"])[0].download(root=tmp(), replace=True).read(), "hello")


@check
def versions_and_aliases():
    log("ver", {"a": "1"})
    log("ver", {"a": "2"}, aliases=["best"])
    log("ver", {"a": "3"}, aliases=["best", "prod"])
    same("latest", get("ver:latest").version, "v2")
    same("best moved", get("ver:best").version, "v2")
    same("aliases of v2", sorted(get("ver:v2").aliases), ["best", "latest", "prod"])
    same("aliases of v1", get("ver:v1").aliases, [])
    v0 = get("ver:v0")
    v0.aliases.append("first")
    v0.save()
    same("alias added", get("ver:first").version, "v0")
    v2 = get("ver:v2")
    v2.aliases.remove("prod")
    v2.save()
    refused("a removed alias", lambda: get("ver:prod"))
    v0 = get("ver:v0")
    v0.aliases = ["best"]
    v0.save()
    same("alias taken over", get("ver:best").version, "v0")
    same("and gone from v2", get("ver:v2").aliases, ["latest"])
    same("content of v1", tree(get("ver:v1").download(tmp())), {"a": b"2"})
    refused("a version that is not there", lambda: get("ver:v9"))
    refused("a name that is not there", lambda: get("nothing:latest"))


@check
def same_content_makes_no_version():
    first = log("same", {"a": "x"})
    second = log("same", {"a": "x"}, aliases=["again"])
    same("version", second.version, "v0")
    same("digest", second.digest, first.digest)
    same("alias given to the old version", get("same:again").version, "v0")
    log("same", {"a": "y"})
    third = log("same", {"a": "x"})
    note(f"the content of v0 after v1: {third.version}, latest is {get('same:latest').version}")
    same("latest has the content x", tree(get("same:latest").download(tmp())), {"a": b"x"})


@check
def edits_persist():
    log("edit", {"a": "1"}, metadata={"old": 1}, description="before", tags=["t1"])
    got = get("edit:v0")
    same("tags", got.tags, ["t1"])
    got.description = "after"
    got.metadata["new"] = [1, 2]
    got.metadata["old"] = {"x": 1}
    got.tags = ["t2", "t3"]
    got.save()
    again = get("edit:v0")
    same("description", again.description, "after")
    same("metadata", again.metadata, {"new": [1, 2], "old": {"x": 1}})
    same("tags", sorted(again.tags), ["t2", "t3"])
    again.metadata = {}
    again.tags = []
    again.save()
    same("emptied", (get("edit:v0").metadata, get("edit:v0").tags), ({}, []))


@check
def ttl():
    artifact = wandb.Artifact("ttl", "dataset")
    artifact.add_file(write(f"{tmp()}/a", "ttl"))
    artifact.ttl = datetime.timedelta(days=5)
    with run() as r:
        r.log_artifact(artifact).wait(timeout=50)
    got = get("ttl:v0")
    same("ttl", got.ttl, datetime.timedelta(days=5))
    got.ttl = datetime.timedelta(days=9)
    got.save()
    same("changed", get("ttl:v0").ttl, datetime.timedelta(days=9))
    got.ttl = None
    got.save()
    same("none", get("ttl:v0").ttl, None)


@check
def odd_files():
    content = {"empty": b"", "with space.txt": b"1", "ünï/日本 🚀.txt": b"2", "100%25.txt": b"3", "a+b&c=d?.txt": b"4", "#hash;semi,comma.txt": b"5",
               "deep/" * 20 + "x": b"6", ".hidden": b"7", "quote'\".txt": b"8", "same1": b"twin", "same2": b"twin"}
    log("odd", content)
    got = get("odd:v0")
    same("download", tree(got.download(tmp(), skip_cache=True)), {os.path.normpath(k): v for k, v in content.items()})
    same("file count", got.file_count, len(content))
    same("files()", {f.name for f in got.files()}, set(content))
    same("sizes", {f.name: f.size for f in got.files()}, {k: len(v) for k, v in content.items()})


@check(seconds=120)
def directory_of_200_files():
    where = tmp()
    want = {f"d{i % 7}/f{i:03}.txt": f"file {i}".encode() for i in range(200)}
    for path, content in want.items():
        write(f"{where}/{path}", content)
    artifact = wandb.Artifact("dir200", "dataset")
    artifact.add_dir(where)
    with run() as r:
        r.log_artifact(artifact).wait(timeout=100)
    got = get("dir200:v0")
    same("file count", got.file_count, 200)
    same("files() paged", len({f.name for f in got.files(per_page=30)}), 200)
    same("download", tree(got.download(tmp(), skip_cache=True)), want)
    write(f"{where}/d0/f000.txt", "changed")
    again = wandb.Artifact("dir200", "dataset")
    again.add_dir(where)
    with run() as r:
        r.log_artifact(again).wait(timeout=100)
    same("new version", get("dir200:latest").version, "v1")
    same("changed file", tree(get("dir200:v1").download(tmp(), skip_cache=True))["d0/f000.txt"], b"changed")
    same("old version is untouched", tree(get("dir200:v0").download(tmp(), skip_cache=True))["d0/f000.txt"], b"file 0")
    same("prefix", set(tree(get("dir200:v0").download(tmp(), path_prefix="d3"))), {p for p in want if p.startswith("d3/")})


@check(seconds=90)
def larger_file():
    content = os.urandom(1 << 20) * 30
    log("large", {"big.bin": content})
    path = get("large:v0").download(tmp(), skip_cache=True)
    same("md5", hashlib.md5(open(f"{path}/big.bin", "rb").read()).hexdigest(), hashlib.md5(content).hexdigest())


@check
def empty_artifact():
    with run() as r:
        r.log_artifact(wandb.Artifact("void", "dataset", metadata={"only": "metadata"})).wait(timeout=50)
    got = get("void:v0")
    same("metadata, files", (got.metadata, list(got.files())), ({"only": "metadata"}, []))


@check
def manifest():
    log("mani", {"a.txt": "1", "b/c.txt": "22"})
    got = get("mani:v0")
    same("entries", sorted((p, e.size) for p, e in got.manifest.entries.items()), [("a.txt", 1), ("b/c.txt", 2)])
    same("layout", got.manifest.storage_policy.name(), "wandb-storage-policy-v1")


@check
def references():
    source = write(f"{tmp()}/ref.txt", "referenced")
    artifact = wandb.Artifact("refs", "dataset")
    artifact.add_reference(f"file://{source}", name="local.txt")
    artifact.add_reference("http://127.0.0.1:9/nothing.bin", name="remote.bin", checksum=False)
    artifact.add_file(write(f"{tmp()}/own.txt", "own"), name="own.txt")
    with run() as r:
        r.log_artifact(artifact).wait(timeout=50)
    got = get("refs:v0")
    entries = got.manifest.entries
    same("references", {p: e.ref for p, e in entries.items()}, {"local.txt": f"file://{source}", "remote.bin": "http://127.0.0.1:9/nothing.bin", "own.txt": None})
    same("names by files()", {f.name for f in got.files()}, set(entries))
    same("follow a file reference", open(got.get_entry("local.txt").download(tmp())).read(), "referenced")
    same("ref_target", got.get_entry("remote.bin").ref_target(), "http://127.0.0.1:9/nothing.bin")


@check
def reference_to_another_artifact():
    log("inner", {"x.txt": "inner"})
    outer = wandb.Artifact("outer", "dataset")
    outer.add_reference(get("inner:v0").get_entry("x.txt"), name="linked.txt")
    with run() as r:
        r.log_artifact(outer).wait(timeout=50)
    same("content", tree(get("outer:v0").download(tmp(), skip_cache=True)), {"linked.txt": b"inner"})


@check
def reference_to_an_artifact_of_this_run():
    with run() as r:
        inner = wandb.Artifact("inner2", "dataset")
        inner.add(wandb.Table(columns=["a"], data=[[1]]), "t")
        outer = wandb.Artifact("outer2", "dataset")
        r.log_artifact(inner)
        outer.add(wandb.Table(columns=["b"], data=[[2]]), "own")
        r.log_artifact(outer).wait(timeout=50)
    same("table", get("outer2:v0").get("own").data, [[2]])


@check
def table_in_an_artifact():
    import numpy
    table = wandb.Table(columns=["n", "img"], data=[[i, wandb.Image(numpy.full((4, 4, 3), i * 80, numpy.uint8))] for i in range(3)])
    artifact = wandb.Artifact("tables", "dataset")
    artifact.add(table, "tab")
    with run() as r:
        r.log_artifact(artifact).wait(timeout=50)
    got = get("tables:v0").get("tab")
    same("rows", [row[0] for row in got.data], [0, 1, 2])
    same("pixels of the image", got.data[2][1].image.getpixel((0, 0)), (160, 160, 160))


@check
def use_and_lineage():
    producer = run(name="producer")
    log("line", {"a": "1"}, r=producer)
    producer.finish()
    with run(name="consumer") as consumer:
        used = consumer.use_artifact("line:latest")
        same("content by use_artifact", tree(used.download(tmp())), {"a": b"1"})
        log("result", {"m": "model"}, kind="model", r=consumer)
    got = get("line:v0")
    same("logged_by", got.logged_by().id, producer.id)
    same("used_by", [r.id for r in got.used_by()], [consumer.id])
    same("logged_artifacts of the producer", [a.name for a in fetch(producer).logged_artifacts()], ["line:v0"])
    same("used_artifacts", [a.name for a in fetch(consumer).used_artifacts()], ["line:v0"])
    same("logged_artifacts", [a.name for a in fetch(consumer).logged_artifacts()], ["result:v0"])
    same("len()", len(fetch(consumer).logged_artifacts()), 1)


@check
def use_in_the_same_run_and_by_api():
    with run() as r:
        log("self", {"a": "1"}, r=r)
        r.use_artifact("self:v0")
        same("use_artifact with type", r.use_artifact("self:latest", type="dataset").version, "v0")
    got = fetch(r)
    same("used", [a.name for a in got.used_artifacts()], ["self:v0"])
    other = api().create_run(run_id=ids(), project=PROJECT, entity=entity())
    fetch(other.id).use_artifact(get("self:v0"))
    same("used by a run of the API", [a.name for a in fetch(other.id).used_artifacts()], ["self:v0"])
    log("late", {"a": "late"})
    fetch(other.id).log_artifact(get("late:v0"))
    same("logged by a run of the API", [a.name for a in fetch(other.id).logged_artifacts()], ["late:v0"])


@check
def wrong_type():
    log("typed", {"a": "1"}, kind="dataset")
    refused("the name with another type", lambda: log("typed", {"a": "2"}, kind="model"))
    refused("artifact(type=other)", lambda: get("typed:v0", type="model"))
    same("artifact(type=right)", get("typed:v0", type="dataset").version, "v0")


@check
def browse():
    for i in range(3):
        log("many", {"a": str(i)}, kind="browse-type")
    log("other", {"a": "x"}, kind="browse-type")
    path = f"{entity()}/{PROJECT}"
    types = [t.name for t in api().artifact_types(path)]
    assert "browse-type" in types, f"artifact_types: {types}"
    same("collections", sorted(c.name for c in api().artifact_type("browse-type", path).collections()), ["many", "other"])
    same("artifact_collections", sorted(c.name for c in api().artifact_collections(path, "browse-type")), ["many", "other"])
    same("versions, newest first", [a.version for a in api().artifacts("browse-type", f"{path}/many")], ["v2", "v1", "v0"])
    same("artifacts(per_page=1)", [a.version for a in api().artifacts("browse-type", f"{path}/many", per_page=1)], ["v2", "v1", "v0"])
    same("len()", len(api().artifacts("browse-type", f"{path}/many")), 3)
    collection = api().artifact_collection("browse-type", f"{path}/many")
    same("collection", (collection.name, collection.type), ("many", "browse-type"))
    assert "latest" in collection.aliases, f"aliases of the collection: {collection.aliases}"
    same("exists", api().artifact_exists(f"{path}/many:v1"), True)
    same("does not exist", api().artifact_exists(f"{path}/many:v7"), False)
    same("collection exists", api().artifact_collection_exists(f"{path}/many", "browse-type"), True)
    same("collection does not exist", api().artifact_collection_exists(f"{path}/nope", "browse-type"), False)
    same("artifacts of a tag", [a.version for a in api().artifacts("browse-type", f"{path}/many", tags=["none"])], [])


@check
def collection_edits():
    log("coll", {"a": "1"}, kind="dataset")
    path = f"{entity()}/{PROJECT}/coll"
    collection = api().artifact_collection("dataset", path)
    collection.description = "about"
    collection.tags = ["x", "y"]
    collection.save()
    again = api().artifact_collection("dataset", path)
    same("description, tags", (again.description, sorted(again.tags)), ("about", ["x", "y"]))
    again.name = "coll-renamed"
    again.save()
    same("renamed", get("coll-renamed:v0").version, "v0")
    api().artifact_collection("dataset", f"{path}-renamed").delete()
    refused("a deleted collection", lambda: get("coll-renamed:v0"))


@check
def link_to_a_portfolio():
    log("toship", {"w": "weights"}, kind="model")
    with run() as r:
        used = r.use_artifact("toship:v0")
        r.link_artifact(used, f"{entity()}/{PROJECT}/portfolio", aliases=["staging"])
    got = get("portfolio:staging")
    same("content", tree(got.download(tmp())), {"w": b"weights"})
    same("source", got.source_name, "toship:v0")
    same("is_link", got.is_link, True)
    linked = get("toship:v0").linked_artifacts
    assert any("portfolio" in a.name for a in linked), f"linked_artifacts: {[a.name for a in linked]}"
    log("toship", {"w": "more"}, kind="model")
    get("toship:v1").link(f"{entity()}/{PROJECT}/portfolio")
    same("second version of the portfolio", get("portfolio:latest").source_name, "toship:v1")
    got = get("portfolio:staging")
    got.unlink()
    refused("an unlinked one", lambda: get("portfolio:staging"))
    same("the source stays", get("toship:v0").state, "COMMITTED")


@check
def link_to_a_registry():
    log("reg", {"w": "1"}, kind="model")
    try:
        get("reg:v0").link("wandb-registry-model/my-model")
        note("linking to a registry works")
    except Exception as error:
        note(f"linking to a registry: {short(str(error), 120)}")


@check
def log_and_use_model():
    path = write(f"{tmp()}/model.bin", "weights")
    with run() as r:
        r.log_model(path, name="net", aliases=["best"])
    with run() as r:
        found = r.use_model("net:best")
    same("content", open(found).read() if os.path.isfile(found) else tree(found), "weights" if os.path.isfile(found) else {"model.bin": b"weights"})


@check
def delete():
    for i in range(3):
        log("del", {"a": str(i)})
    get("del:v0").delete()
    refused("a deleted version", lambda: get("del:v0"))
    text = refused("delete with aliases", lambda: get("del:v2").delete())
    note(f"delete of a version with aliases: {short(text, 100)}")
    get("del:v2").delete(delete_aliases=True)
    refused("a deleted version with aliases", lambda: get("del:v2"))
    log("del", {"a": "new"})
    same("the number is not used again", get("del:latest").version, "v3")
    same("left", [a.version for a in api().artifacts("dataset", f"{entity()}/{PROJECT}/del")], ["v3", "v1"])
    same("content of v1", tree(get("del:v1").download(tmp(), skip_cache=True)), {"a": b"1"})


@check
def draft():
    log("drafty", {"a": "1", "b": "2"})
    new = get("drafty:latest").new_draft()
    new.remove("a")
    new.add_file(write(f"{tmp()}/c", "3"), name="c")
    with run() as r:
        r.log_artifact(new).wait(timeout=50)
    same("content", tree(get("drafty:latest").download(tmp(), skip_cache=True)), {"b": b"2", "c": b"3"})
    same("version", get("drafty:latest").version, "v1")


@check
def incremental():
    log("incr", {"a": "1"})
    artifact = wandb.Artifact("incr", "dataset", incremental=True)
    artifact.add_file(write(f"{tmp()}/b", "2"), name="b")
    with run() as r:
        r.log_artifact(artifact).wait(timeout=50)
    same("content", tree(get("incr:latest").download(tmp(), skip_cache=True)), {"a": b"1", "b": b"2"})


@check
def distributed():
    group = ids()
    for i in range(2):
        artifact = wandb.Artifact("dist", "dataset")
        artifact.add_file(write(f"{tmp()}/p{i}", f"part {i}"), name=f"p{i}")
        with run(group=group) as r:
            r.upsert_artifact(artifact, distributed_id=group)
    with run(group=group) as r:
        artifact = wandb.Artifact("dist", "dataset")
        r.finish_artifact(artifact, distributed_id=group).wait(timeout=50)
    same("content", tree(get("dist:latest").download(tmp(), skip_cache=True)), {"p0": b"part 0", "p1": b"part 1"})


@check
def without_a_run():
    artifact = wandb.Artifact("norun", "dataset")
    artifact.add_file(write(f"{tmp()}/a", "1"))
    artifact.save(project=PROJECT)
    artifact.wait(timeout=50)
    same("state", get("norun:v0").state, "COMMITTED")


@check(seconds=120)
def command_line():
    where = tmp()
    write(f"{where}/d/x.txt", "x")
    name = f"{entity()}/{PROJECT}/cli-art"
    code, output = cli("artifact", "put", "-n", name, "-t", "dataset", "-d", "by hand", "-a", "mine", f"{where}/d", env={"WANDB_SILENT": None})
    same("put: " + output[-300:], code, 0)
    code, output = cli("artifact", "get", f"{name}:mine", "--root", f"{where}/out")
    same("get: " + output[-300:], code, 0)
    same("content", tree(f"{where}/out"), {"x.txt": b"x"})
    code, output = cli("artifact", "ls", f"{entity()}/{PROJECT}")
    same("ls: " + output[-300:], code, 0)
    assert "cli-art" in output, f"ls: {output}"
    same("description", get("cli-art:mine").description, "by hand")


@check
def many_versions_in_one_run():
    with run() as r:
        for i in range(12):
            log("burst", {"a": str(i)}, r=r, wait=False)
    same("versions", sorted(int(a.version[1:]) for a in api().artifacts("dataset", f"{entity()}/{PROJECT}/burst")), list(range(12)))
    same("contents", sorted(int(tree(get(f"burst:v{i}").download(tmp()))["a"]) for i in range(12)), list(range(12)))


@check
def delete_run_with_artifacts():
    with run() as r:
        log("gone", {"a": "1"}, r=r)
    fetch(r).delete(delete_artifacts=True)
    refused("the artifact of a run deleted with its artifacts", lambda: get("gone:v0"))
    with run() as r:
        log("stays", {"a": "1"}, r=r)
    fetch(r).delete()
    same("the artifact of a run deleted alone", tree(get("stays:v0").download(tmp())), {"a": b"1"})


@check
def xxh128():
    artifact = wandb.Artifact("xx", "dataset", digest_algorithm="XXH128") if "digest_algorithm" in wandb.Artifact.__init__.__code__.co_varnames else wandb.Artifact("xx", "dataset")
    artifact.add_file(write(f"{tmp()}/a", "xx"), name="a")
    with run() as r:
        r.log_artifact(artifact).wait(timeout=50)
    same("content", tree(get("xx:v0").download(tmp(), skip_cache=True)), {"a": b"xx"})
    note(f"digest algorithm: {get('xx:v0').digest_algorithm}")


if __name__ == "__main__":
    main()
