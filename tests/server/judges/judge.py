"""What all judges share: a clean environment, checks that run on their own, waiting with a deadline.

A judge is a script with functions marked `@check`. Each check runs under a time limit and prints
`ok NAME` or `FAIL NAME: what differs`; the script exits 1 if one failed.
`python online_run.py history` runs only the checks whose name contains "history".
Set WANDB_BASE_URL and WANDB_API_KEY first, and WANDB_SERVICE to go through a service that runs. JUDGE_KEEP=1 keeps the temporary directory, JUDGE_TRACE=1 prints tracebacks.
"""
import atexit, contextlib, io, os, secrets, shutil, signal, subprocess, sys, tempfile, time, traceback

BASE = os.environ.get("WANDB_BASE_URL", "").rstrip("/")
KEY = os.environ.get("WANDB_API_KEY", "")
if not BASE or not KEY:
    sys.exit("set WANDB_BASE_URL and WANDB_API_KEY")

SCRIPT = os.path.splitext(os.path.basename(sys.argv[0]))[0]
TMP = tempfile.mkdtemp(prefix=f"judge-{SCRIPT}-")
if not os.environ.get("JUDGE_KEEP"):
    atexit.register(shutil.rmtree, TMP, True)

for name in [n for n in os.environ if n.startswith("WANDB_")]:
    if name not in ("WANDB_BASE_URL", "WANDB_API_KEY", "WANDB_SERVICE"):
        del os.environ[name]
os.environ.update(
    HOME=TMP, NETRC=f"{TMP}/netrc",
    WANDB_CONFIG_DIR=f"{TMP}/config", WANDB_CACHE_DIR=f"{TMP}/cache", WANDB_DATA_DIR=f"{TMP}/staging",
    WANDB_ARTIFACT_DIR=f"{TMP}/artifacts", WANDB_ERROR_REPORTING="false", WANDB_SILENT="true", WANDB_CONSOLE="off",
    WANDB_INIT_TIMEOUT="25",
    # A server that answers 500 must fail a check in seconds, not in an hour.
    WANDB_X_GRAPHQL_RETRY_MAX="2", WANDB_X_GRAPHQL_RETRY_WAIT_MIN_SECONDS="0.2", WANDB_X_GRAPHQL_RETRY_WAIT_MAX_SECONDS="1",
    WANDB_X_FILE_STREAM_RETRY_MAX="3", WANDB_X_FILE_STREAM_RETRY_WAIT_MIN_SECONDS="0.2", WANDB_X_FILE_STREAM_RETRY_WAIT_MAX_SECONDS="1",
    WANDB_X_FILE_TRANSFER_RETRY_MAX="3", WANDB_X_FILE_TRANSFER_RETRY_WAIT_MIN_SECONDS="0.2", WANDB_X_FILE_TRANSFER_RETRY_WAIT_MAX_SECONDS="1",
)
os.chdir(TMP)
PROJECT = f"j-{SCRIPT.replace('_', '-')}-{secrets.token_hex(3)}"
os.environ["WANDB_PROJECT"] = PROJECT

import wandb  # noqa: E402  after the environment is clean

_checks = []


def check(function=None, *, seconds=60):
    """Mark a function as one check with its time limit."""
    def mark(f):
        _checks.append((f, seconds))
        return f
    return mark(function) if function else mark


class Late(Exception):
    """A check ran past its time limit."""


def _alarm(_signal, _frame):
    raise Late("still not done at the time limit")


def note(message):
    """A line below a check, for what is worth knowing but no failure."""
    print(f"   note: {message}", flush=True)


def main():
    wanted = sys.argv[1:]
    signal.signal(signal.SIGALRM, _alarm)
    failed = 0
    for function, seconds in _checks:
        name = function.__name__
        if wanted and not any(w in name for w in wanted):
            continue
        started = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, seconds, 5)
        try:
            function()
            signal.setitimer(signal.ITIMER_REAL, 0)
            print(f"ok {name} ({time.monotonic() - started:.1f}s)", flush=True)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            signal.setitimer(signal.ITIMER_REAL, 0)
            failed += 1
            text = " ".join(f"{type(error).__name__}: {error}".split())[:400]
            where = [f"{os.path.basename(f.filename)}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)
                     if f.filename == os.path.abspath(sys.modules['__main__'].__file__)]
            print(f"FAIL {name} ({where[-1] if where else '?'}): {text}", flush=True)
            if os.environ.get("JUDGE_TRACE"):
                traceback.print_exc()
        finally:
            os.environ.pop("WANDB_RUN_ID", None)
            signal.setitimer(signal.ITIMER_REAL, 30)
            with contextlib.suppress(BaseException):
                if wandb.run is not None:
                    wandb.finish(exit_code=1)
                wandb.teardown()
            signal.setitimer(signal.ITIMER_REAL, 0)
    print(f"{SCRIPT}: {failed} failed" if failed else f"{SCRIPT}: all ok", flush=True)
    sys.stdout.flush()
    os._exit(_cleanup(1 if failed else 0))


def _cleanup(code):
    """Leave without waiting for threads of a client that hangs."""
    if not os.environ.get("JUDGE_KEEP"):
        shutil.rmtree(TMP, True)
    else:
        print(f"kept {TMP}", flush=True)
    return code


def same(what, got, want):
    """Fail with what differs unless the two are equal."""
    assert got == want, f"{what}: got {short(got)}, want {short(want)}"


def short(value, limit=150):
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + "…"


def until(what, condition, seconds=20):
    """Poll until the condition returns something true, and return that."""
    deadline = time.monotonic() + seconds
    last = None
    while True:
        try:
            value = condition()
            if value:
                return value
            last = value
        except AssertionError as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s, last {short(last)}")
        time.sleep(0.1)  # the interval of a poll, not a guess at a duration


def refused(what, action, kinds=Exception):
    """The action must raise; return the error's text."""
    try:
        result = action()
    except Late:
        raise
    except kinds as error:
        return " ".join(str(error).split())
    raise AssertionError(f"{what}: was accepted, gave {short(result)}")


def run(**kwargs):
    """wandb.init with a project of this judge."""
    kwargs.setdefault("project", PROJECT)
    kwargs.setdefault("reinit", "finish_previous")
    return wandb.init(**kwargs)


def api():
    return wandb.Api(timeout=20)


def entity():
    return api().default_entity


def fetch(run, project=PROJECT):
    """The run as a fresh Api sees it."""
    run_id = run if isinstance(run, str) else run.id
    return api().run(f"{entity()}/{project}/{run_id}")


def new_sweep(config, **kwargs):
    """wandb.sweep without its prints; returns the id."""
    with contextlib.redirect_stdout(io.StringIO()):
        return wandb.sweep(config, project=PROJECT, **kwargs)


def ids():
    return "j" + secrets.token_hex(4)


def tmp(name=""):
    """A new directory."""
    return tempfile.mkdtemp(prefix=name, dir=TMP)


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path


def environment(**more):
    """The environment for a child: without WANDB_SERVICE, as a child that uses this process's wandb-core would not end its run when it dies."""
    return {**{n: v for n, v in os.environ.items() if n != "WANDB_SERVICE"}, **more}


def command(*args, cwd=None, env=None, input=None, seconds=60):
    """Run a program; returns (exit code, stdout + stderr)."""
    environ = environment(WANDB_SILENT="false")
    for name, value in (env or {}).items():
        environ.pop(name, None) if value is None else environ.__setitem__(name, value)
    done = subprocess.run([str(a) for a in args], cwd=cwd or TMP, env=environ, timeout=seconds, text=True, errors="replace",
                          input=input, stdin=None if input is not None else subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def cli(*args, **kwargs):
    """The official command line: `cli("sync", path)`."""
    return command(os.path.join(os.path.dirname(sys.executable), "wandb"), *args, **kwargs)


def gql(query, key=KEY, **variables):
    """One raw GraphQL request; returns (status, decoded body)."""
    import base64, json, urllib.error, urllib.request
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = "Basic " + base64.b64encode(f"api:{key}".encode()).decode()
    request = urllib.request.Request(f"{BASE}/graphql", json.dumps({"query": query, "variables": variables}).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            status, body = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read()
    try:
        return status, json.loads(body)
    except ValueError:
        return status, {"raw": body.decode(errors="replace")[:200]}
