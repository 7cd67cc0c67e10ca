"""Run scripts under the official service and under wandb-rs, and compare what both recorded.

    python compare.py --binary WANDB_RS --sdk PYTHON --cache DIRECTORY [--all] [SCRIPT ...]

The interpreter that runs this file has the newest SDK, whose classes know most records; --sdk is the
one that runs the scripts, of any supported version. What the official service recorded is kept in the
cache, by script and version. Without --all and names only the scripts of COMMIT run.

A script may say what is meant to differ, in a comment of its own:

    # differs: PATTERN -- reason

PATTERN is searched in lines like `runs[0].summary.loss: 1 | 2` (official | ours); one that nothing
matches is an error, so that the list stays true. docs/sdk.md explains the reasons.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SCRIPTS = HERE / "scripts"
PATIENCE = 90

#: A cross-section of everything, for each commit.
COMMIT = """
alert artifact_log artifact_offline_errors config_late_update config_nested console_logging console_progress
console_subprocess end_no_finish end_os_exit end_pending_row end_sigint end_sigkill end_sigterm end_sys_exit
end_uncaught end_with end_with_exception fork_parent_run init_everything init_fork_from init_id init_mode_disabled
init_reinit_create_new init_reinit_finish_previous init_resume_allow init_same_id_twice init_two_in_sequence
log_after_finish log_asyncio log_dict_then_leaf log_empty log_many log_nested log_odd_keys log_plain log_special_values
log_threads log_user_timestamp log_wide mark_preempting media_histogram media_html media_table metric_dotted metric_glob
metric_late metric_overwrite metric_step_metric metric_summaries packages_of_path pattern_hf_callback pattern_keras_callback
pattern_lightning_logger plot_line ranks_group ranks_rank0 run_name_later run_status run_tags_later save_policies
settings_silent spawn_child_own_run spawn_parent_run step_back step_commit_false step_explicit step_mixed
subprocess_own_run summary_after_define summary_delete summary_nested summary_read write_logs
""".split()

ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
#: Made by wandb-rs at the end; the official service makes them online only.
DERIVED = ("config.yaml", "wandb-metadata.json", "wandb-summary.json")


def version_of(python):
    code = "import wandb; print(wandb.__version__)"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def numbers(version):
    return [int(part) for part in version.split(".")[:2]]


def too_new(text, version):
    """Whether the script needs a newer SDK, or a package that is not promised."""
    since = re.search(r"^# since: (\S+)", text, re.M)
    return bool(since) and numbers(since[1]) > numbers(version)


def execute(script, python, binary=None):
    """What running a script leaves: records, status, stdout."""
    text = script.read_text()
    with tempfile.TemporaryDirectory(prefix="wandb-rs-sdk") as root:
        root = pathlib.Path(root)
        for name in ("work", "home", "tmp"):
            (root / name).mkdir()
        work = root / "work"
        shutil.copy(script, work)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(root / "home"),
            "TMPDIR": str(root / "tmp"),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [python, script.name]
        if binary:
            command = [binary, "run", "--no-args-config", "--", *command]
        else:
            environment["WANDB_MODE"] = "offline"
        try:
            done = subprocess.run(
                command, cwd=work, env=environment, capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired as expired:
            return {"runs": [], "problem": f"did not end in {PATIENCE} s: {(expired.stderr or b'')[-1500:]}"}
        series = ["--series"] if "# compare: series" in text else []
        normal = subprocess.run(
            [sys.executable, HERE / "normal.py", "--console", *series, work], env=environment, capture_output=True, text=True
        )
        if normal.returncode:
            return {"runs": [], "problem": normal.stderr[-1500:] + done.stderr.decode(errors="replace")[-1500:]}
        result = tidy(json.loads(normal.stdout))
        result["status"] = done.returncode
        result["stdout"] = words(done.stdout.decode(errors="replace"))
        if binary and (lines := done.stderr.decode(errors="replace")):
            result["told"] = lines
        return result


def words(text):
    """Text without the lines of W&B itself and without colours."""
    lines = ESCAPES.sub("", text).splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("wandb:"))


def tidy(document):
    for run in document.get("runs", []):
        for name in DERIVED:
            (run.get("saved") or {}).pop(name, None)
        inner = (run.get("config") or {}).get("_wandb")
        if isinstance(inner, dict):
            # How a signal ended the script: an extra of ours.
            inner.pop("exit_signal", None)
            if not inner:
                del run["config"]["_wandb"]
        console = run.pop("console", None) or {}
        run["console"] = words(console.get("stdout", ""))
    return document


def official(script, python, version, cache):
    key = hashlib.sha256(b"".join(p.read_bytes() for p in (script, HERE / "normal.py", HERE / "compare.py"))).hexdigest()
    kept = cache / f"{version}-{script.stem}-{key[:16]}.json"
    if not kept.exists():
        temporary = kept.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(execute(script, python)))
        temporary.rename(kept)
    return json.loads(kept.read_text())


def differences(a, b, path=""):
    """Lines `path: official | ours`."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b}):
            here = f"{path}.{key}" if path else key
            if key not in a or key not in b:
                yield f"{here}: {short(a.get(key, '-'))} | {short(b.get(key, '-'))}"
            else:
                yield from differences(a[key], b[key], here)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            yield from differences(x, y, f"{path}[{i}]")
    elif a != b:
        yield f"{path}: {short(a)} | {short(b)}"


def short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 160 else text[:160] + "…"


def compare(script, arguments, version):
    expected = official(script, arguments.sdk, version, arguments.cache)
    found = execute(script, arguments.sdk, arguments.binary)
    told = found.pop("told", "")
    for a, b in zip(expected.get("runs", []), found.get("runs", [])):
        if a.get("run") and b.get("run") and not a["run"].get("display_name"):
            # Offline only wandb-rs gives a run a name.
            b["run"].pop("display_name", None)
            a["run"].pop("display_name", None)
        # The wrapper hears everything, the SDK what is printed between init and finish by its own process.
        if a["console"] and a["console"].rstrip() in b["console"]:
            a["console"] = b["console"]
        elif not a["console"]:
            b["console"] = ""
    if numbers(version) < [0, 21]:
        # The machine was described in a file then, not in a record.
        for run in (*expected.get("runs", []), *found.get("runs", [])):
            run["files"] = [file for file in run.get("files") or [] if file[0] != "wandb-metadata.json"]
            run["kinds"] = [kind for kind in run.get("kinds") or [] if kind != "environment"]
    lines = list(differences(expected, found))
    known = re.findall(r"^# differs: (.+?) -- ", script.read_text(), re.M)
    unused = [pattern for pattern in known if not any(re.search(pattern, line) for line in lines)]
    lines = [line for line in lines if not any(re.search(pattern, line) for pattern in known)]
    lines += [f"# differs: {pattern}: nothing differs so" for pattern in unused]
    return script.stem, lines, told


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--sdk", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("scripts", nargs="*")
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    version = version_of(arguments.sdk)
    names = arguments.scripts or (sorted(p.stem for p in SCRIPTS.glob("*.py")) if arguments.all else COMMIT)
    scripts = [SCRIPTS / f"{name}.py" for name in names]
    scripts = [script for script in scripts if not too_new(script.read_text(), version)]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, lines, told in pool.map(lambda script: compare(script, arguments, version), scripts):
            if lines:
                failed += 1
                print(f"{name} (SDK {version}):", *lines[:12], sep="\n    ")
                print("  told:", *told.splitlines()[-12:], sep="\n    ")
    print(f"{len(scripts)} scripts, {failed} differ")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
