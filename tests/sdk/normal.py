"""Print what a script left below wandb/ as one JSON document which is equal for equal behaviour.

    python normal.py [--console] [--series] DIRECTORY

DIRECTORY is the working directory of the script, the one that holds wandb/ (or .wandb/, or which has
it one level below, after dir=...). Needs the SDK for its
protobuf classes (any version; the newest knows most records), and nothing else. Left out: times, ids
which the SDK made up, the machine, system metrics, telemetry. --console adds the console text;
--series replaces the rows of the history by one list of values for each key, for scripts whose
rows come in no fixed order (they are marked `# compare: series`).

Numbers: 1.0 and 1 are the same and come out as 1; integers beyond 64 bits come out as floats, as
JSON readers outside Python have them; NaN and the infinities are {"$num": "NaN"} and so on.
Key paths are joined by dots; a dot or backslash within a key has a backslash before it.
"""

import argparse
import hashlib
import json
import math
import os
import pathlib
import re
import struct
import sys
import zlib

os.environ.setdefault("WANDB_SILENT", "true")
sys.dont_write_bytecode = True

from wandb.proto import wandb_internal_pb2 as pb  # noqa: E402

BLOCK = 32768
# Members of `_wandb` in the config which the service makes, or which depend on versions and machines.
VOLATILE_CONFIG = {
    "cli_version", "python_version", "t", "m", "e", "start_time", "is_jupyter_run", "is_kaggle_kernel",
    "framework", "huggingface_version",
}
# Records whose presence is a matter of timing: a script may end before the first sample.
VOLATILE_KINDS = {"stats"}
AUTOMATIC_ID = re.compile(r"[a-z0-9]{8}")
DIRECTORY = re.compile(r"(?P<kind>(?:offline-)?run)-(?P<time>\d{8}_\d{6})-(?P<rest>.+)", re.S)


# ----------------------------------------------------------------------------------------------
# the log


def read_log(data):
    """The payloads of all whole records, and what is wrong with the file."""
    records, problems = [], []
    if len(data) < 7 or data[:4] != b":W&B":
        return records, ["no header"]
    position, parts = 7, None
    while True:
        left = BLOCK - position % BLOCK
        if left < 7:
            position += left
            continue
        if position >= len(data):
            break
        if position + 7 > len(data):
            problems.append("incomplete chunk header")
            parts = None
            break
        checksum, length, kind = struct.unpack_from("<IHB", data, position)
        if (checksum, length, kind) == (0, 0, 0) and parts is None:
            position += left
            continue
        if length <= left - 7 and position + 7 + length > len(data):
            problems.append("incomplete chunk")
            parts = None
            break
        payload = data[position + 7 : position + 7 + length]
        if length > left - 7 or zlib.crc32(bytes([kind]) + payload) != checksum:
            problems.append("damaged chunk")
            position, parts = position + left, None
            continue
        position += 7 + length
        if kind == 1:
            records.append(payload)
            parts = None
        elif kind == 2:
            parts = [payload]
        elif kind in (3, 4) and parts is not None:
            parts.append(payload)
            if kind == 4:
                records.append(b"".join(parts))
                parts = None
    if parts is not None:
        problems.append("record without its last chunk")
    return records, problems


# ----------------------------------------------------------------------------------------------
# values and trees


def canonical(value):
    """A JSON value in the form described at the top."""
    if isinstance(value, dict):
        return {key: canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return {"$num": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else canonical(float(value))
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


def parse(text):
    try:
        return json.loads(text)
    except ValueError:
        return {"$bad json": text}


def path_of(item):
    return tuple(item.nested_key) or (item.key,)


def joined(path):
    return ".".join(key.replace("\\", "\\\\").replace(".", "\\.") for key in path)


class Leaf:
    """A value of the summary, which nothing is merged into."""

    def __init__(self, value):
        self.value = value


def store(tree, path, node):
    for key in path[:-1]:
        if not isinstance(tree.get(key), dict):
            tree[key] = {}
        tree = tree[key]
    tree[path[-1]] = node


def remove(tree, path):
    """Remove a node, and the parents which are empty then."""
    node = tree.get(path[0])
    if len(path) > 1:
        if isinstance(node, dict) and not remove(node, path[1:]):
            del tree[path[0]]
    elif path[0] in tree:
        del tree[path[0]]
    return tree


def merge(tree, path, value):
    """Objects are merged into the tree, everything else replaces."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            merge(tree, (*path, key), item)
    elif not (value == {} and path_exists(tree, path)):
        store(tree, path, value)


def path_exists(tree, path):
    for key in path:
        if not isinstance(tree, dict) or key not in tree:
            return False
        tree = tree[key]
    return isinstance(tree, dict)


def plain(node):
    if isinstance(node, Leaf):
        return canonical(node.value)
    return {key: plain(item) for key, item in node.items()} if isinstance(node, dict) else canonical(node)


def flat(tree, path=()):
    """Dotted paths and leaves of a tree."""
    for key, item in tree.items():
        if isinstance(item, dict) and item:
            yield from flat(item, (*path, key))
        else:
            yield joined((*path, key)), canonical(item)


# ----------------------------------------------------------------------------------------------
# one run


class Run:
    """All records of one log, folded."""

    def __init__(self):
        self.kinds, self.unknown, self.first = set(), 0, None
        self.start = None
        self.facts = {"run_records": 0}
        self.config, self.summary, self.metrics = {}, {}, {}
        self.rows, self.oddities, self.typed = [], {}, 0
        self.files, self.artifacts, self.alerts = [], [], []
        self.preempting, self.exits = 0, []
        self.console = {"stdout": "", "stderr": "", "logger": "", "output": ""}

    def odd(self, what):
        self.oddities[what] = self.oddities.get(what, 0) + 1

    def apply(self, payload):
        try:
            record = pb.Record.FromString(payload)
        except Exception:
            self.unknown += 1
            return
        kind = record.WhichOneof("record_type")
        if kind is None:
            self.unknown += 1
            return
        self.kinds.add(kind)
        if self.exits and kind not in VOLATILE_KINDS:
            self.odd(f"{kind} after exit")
        handler = getattr(self, "on_" + kind, None)
        if handler:
            handler(getattr(record, kind))

    def on_request(self, request):
        self.odd("request in the log")

    def on_run(self, run):
        facts = self.facts
        facts["run_records"] += 1
        if self.first is None:
            self.first = run
            self.start = run.start_time.seconds + run.start_time.nanos / 1e9
            self.on_config(run.config)
            for name in ("resumed", "forked", "resume"):
                facts[name] = bool(getattr(run, name, False))
            facts["starting_step"] = run.starting_step
            facts["run_id"] = None if AUTOMATIC_ID.fullmatch(run.run_id) else run.run_id
            facts["branch_point"] = None
            if run.HasField("branch_point"):
                point = run.branch_point
                facts["branch_point"] = {"run": point.run, "value": canonical(point.value), "metric": point.metric}
            facts["host_set"], facts["start_time_set"] = bool(run.host), run.start_time.seconds > 0
        for name in ("entity", "project", "run_group", "job_type", "display_name", "notes", "sweep_id"):
            facts[name] = getattr(run, name) or facts.get(name, "")
        facts["tags"] = list(run.tags) or facts.get("tags", [])

    def on_config(self, config):
        for item in config.update:
            merge(self.config, path_of(item), parse(item.value_json))
        for item in config.remove:
            remove(self.config, path_of(item))

    def on_summary(self, summary):
        for item in summary.update:
            value = parse(item.value_json)
            if value is None:  # null blanks a leaf, here as in `wandb sync`
                remove(self.summary, path_of(item))
            else:
                store(self.summary, path_of(item), Leaf(value))
        for item in summary.remove:
            remove(self.summary, path_of(item))

    def on_history(self, history):
        row = {}
        for item in history.item:
            if not item.nested_key:
                self.odd("history item with key")
            value = parse(item.value_json)
            if isinstance(value, dict):
                self.odd("history item with an object")
            if "value" in item.DESCRIPTOR.oneofs_by_name and item.WhichOneof("value"):
                self.typed += 1
                self.check_typed(item, value)
            merge(row, path_of(item), value)
        for name in ("_step", "_runtime", "_timestamp"):
            if name not in row:
                self.odd(f"row without {name}")
        row.pop("_runtime", None)
        if not self.is_user_time(row.get("_timestamp")):
            row.pop("_timestamp", None)
        if "_step" in row and row["_step"] != history.step.num:
            self.odd("step differs from _step")
        self.rows.append(dict(flat(row)))

    def check_typed(self, item, value):
        """Count typed values which are not those of value_json."""
        name = item.WhichOneof("value")
        typed = getattr(item, name)
        typed = None if name == "none" else parse(typed) if name == "json" else typed
        if json.dumps(canonical(typed), sort_keys=True) != json.dumps(canonical(value), sort_keys=True):
            self.odd("typed value differs")

    def is_user_time(self, value):
        """A time that was not taken while the script ran comes from the script itself."""
        if value is None or self.start is None:
            return False
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return not (number and self.start - 3600 < value < self.start + 86400)

    def on_metric(self, metric):
        if metric.expanded_from_glob:
            return
        name = metric.name or "glob " + metric.glob_name
        old = {} if metric._control.overwrite else self.metrics.get(name, {})
        new = dict(old)
        if metric.step_metric:
            new["step_metric"] = metric.step_metric
        for option in ("step_sync", "hidden", "defined"):
            if getattr(metric.options, option):
                new[option] = True
        if metric.HasField("summary"):
            flags = {f.name for f, value in metric.summary.ListFields() if value is True}
            new["summary"] = sorted(set(old.get("summary", ())) - {"none"} | flags)
        self.metrics[name] = new

    def on_files(self, files):
        for item in files.files:
            policy = pb.FilesItem.PolicyType.Name(item.policy)
            kind = pb.FilesItem.FileType.Name(item.type)
            self.files.append([re.sub(r"_[0-9a-f]{20}(?=\.)", "_HASH", item.path), policy, kind])

    def on_artifact(self, artifact):
        entries = []
        for entry in artifact.manifest.contents:
            entries.append({"path": entry.path, "size": entry.size, "digest": entry.digest})
            if entry.ref:
                entries[-1]["ref"] = entry.ref
        self.artifacts.append({
            "name": artifact.name, "type": artifact.type, "description": artifact.description,
            "metadata": canonical(parse(artifact.metadata)) if artifact.metadata else None,
            "aliases": sorted(artifact.aliases), "tags": sorted(artifact.tags), "digest": artifact.digest,
            "finalize": artifact.finalize, "use_after_commit": artifact.use_after_commit,
            "entries": sorted(entries, key=lambda entry: entry["path"]),
        })

    def on_alert(self, alert):
        self.alerts.append([alert.title, alert.text, alert.level, alert.wait_duration])

    def on_preempting(self, preempting):
        self.preempting += 1

    def on_exit(self, exit_record):
        self.exits.append(exit_record.exit_code)

    def on_output_raw(self, output):
        self.console["stdout" if output.output_type == 1 else "stderr"] += output.line

    def on_output(self, output):
        self.console["output"] += output.line

    def on_output_logger(self, output):
        self.console["logger"] += output.line

    def final_config(self):
        config = plain(self.config)
        own = {k: v for k, v in (config.pop("_wandb", None) or {}).items() if k not in VOLATILE_CONFIG}
        return {**config, **({"_wandb": own} if own else {})}

    def final_summary(self):
        summary = plain(self.summary)
        summary.pop("_runtime", None)
        own = summary.get("_wandb")
        if isinstance(own, dict):
            own.pop("runtime", None)
            if not own:
                del summary["_wandb"]
        if not self.is_user_time(summary.get("_timestamp")):
            summary.pop("_timestamp", None)
        return summary

    def history(self, series):
        if not series:
            return self.rows
        columns = {}
        for row in self.rows:
            for key, value in row.items():
                columns.setdefault(key, []).append(value)
        return {"rows": len(self.rows), **columns}


def describe(directory, options):
    """What is to be compared of one run directory."""
    logs = sorted(directory.glob("*.wandb"))
    run, problems, count = Run(), ["no log"], 0
    if logs:
        payloads, problems = read_log(logs[0].read_bytes())
        count = len(payloads)
        for payload in payloads:
            run.apply(payload)
    found = sorted(p for p in (directory / "files").rglob("*") if p.is_symlink() or p.is_file())
    names = {p.relative_to(directory / "files").as_posix(): p for p in found}
    result = {
        "log": {"problems": problems, "empty": count == 0, "file": logs[0].name if logs else None},
        "run": run.facts if run.first is not None else None,
        "config": run.final_config(),
        "metrics": run.metrics,
        "history": run.history(options.series),
        "summary": run.final_summary(),
        "files": sorted(run.files),
        "artifacts": run.artifacts,
        "alerts": run.alerts,
        "preempting": run.preempting,
        "exit_code": run.exits[-1] if run.exits else None,
        "exit_records": len(run.exits),
        "unknown_records": run.unknown,
        "typed_values": run.typed,
        "oddities": run.oddities,
        "kinds": sorted(run.kinds - VOLATILE_KINDS - {"output_raw"}),
        "media": sorted(name for name in names if name.startswith("media/")),
        "saved": {
            name: ["link" if p.is_symlink() else "file", digest(p)]
            for name, p in names.items()
            if not name.startswith("media/") and name not in (*logs_of(names), "requirements.txt")
        },
        "requirements": sorted(names["requirements.txt"].read_text().split()) if "requirements.txt" in names else None,
    }
    if options.console:
        texts = {name: names[name].read_text(encoding="utf-8", errors="replace") for name in logs_of(names)}
        result["console"] = {**run.console, "files": texts}
    return result


def logs_of(names):
    """Console logs, which depend on who captures the console."""
    return [name for name in names if re.fullmatch(r"output(_.*)?\.log|logs/output.*\.log", name)]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.exists() else "dangling"


# ----------------------------------------------------------------------------------------------
# all runs


def created(directory):
    """Sort key: the second in the name, then the moment at which tmp/ got its only member."""
    time = DIRECTORY.fullmatch(directory.name)["time"]
    inner = directory / "tmp"
    return time, (inner if inner.exists() else directory).stat().st_mtime_ns, directory.name


def replace_all(value, replacements):
    if isinstance(value, dict):
        return {replace_all(k, replacements): replace_all(v, replacements) for k, v in value.items()}
    if isinstance(value, list):
        return [replace_all(item, replacements) for item in value]
    if isinstance(value, str):
        for old, new in replacements:
            value = value.replace(old, new)
        value = re.sub(r"wandb-client-artifact://[^/]+/", "wandb-client-artifact://CLIENT/", value)
        value = re.sub(r"\brun-\d{8}_\d{6}-", "run-TIME-", value)
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--console", action="store_true", help="add the console text of each stream")
    parser.add_argument("--series", action="store_true", help="one list of values for each key instead of rows")
    parser.add_argument("directory", type=pathlib.Path)
    options = parser.parse_args()
    bases = [base for pattern in ("wandb", ".wandb", "*/wandb") for base in options.directory.glob(pattern)]
    inner = [p for base in bases for p in base.iterdir() if p.is_dir() and not p.is_symlink()]
    found = [p for p in inner if DIRECTORY.fullmatch(p.name)]
    runs, replacements = [], [(str(options.directory.resolve()), "<DIR>"), (str(options.directory), "<DIR>")]
    for number, directory in enumerate(sorted(found, key=created)):
        parts = DIRECTORY.fullmatch(directory.name)
        run_id = next((p.name[4:-6] for p in directory.glob("run-*.wandb")), parts["rest"])
        if AUTOMATIC_ID.fullmatch(run_id):
            replacements.append((run_id, f"RUN{number}"))
        place = directory.parent.relative_to(options.directory).as_posix()
        runs.append({"kind": parts["kind"], "place": place, **describe(directory, options)})
    document = replace_all({"runs": runs}, replacements)
    text = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")


if __name__ == "__main__":
    main()
