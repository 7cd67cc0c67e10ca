"""Keys: accepted, wrong, missing; viewer; status; the page that shows the key."""
import urllib.error, urllib.request
from judge import *

WRONG = "local-" + "f" * 40


def page(path):
    try:
        with urllib.request.urlopen(BASE + path, timeout=10) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


@check
def login_verify():
    code, output = cli("login", "--verify", "--relogin", "--host", BASE, KEY, env={"WANDB_API_KEY": None})
    same("exit code " + output, code, 0)
    netrc = open(os.environ["NETRC"]).read()
    assert KEY in netrc and BASE.split("://")[1].split("/")[0] in netrc, f"netrc: {short(netrc)}"
    code, output = cli("status", env={"WANDB_API_KEY": None})
    same("exit code of status", code, 0)
    code, output = command(sys.executable, "-c", "import wandb; print('viewer', wandb.Api().viewer.username)", env={"WANDB_API_KEY": None})
    assert code == 0 and "viewer" in output, f"Api() with the key of netrc: {output[-300:]}"
    os.remove(os.environ["NETRC"])


@check
def login_says_who():
    code, output = cli("login", "--relogin", "--host", BASE, KEY, env={"WANDB_API_KEY": None})
    viewer = api().viewer
    assert viewer.username in output, f"output names {viewer.username}: {output}"
    os.remove(os.environ["NETRC"])


@check
def wrong_key_is_refused_at_login():
    code, output = cli("login", "--verify", "--relogin", "--host", BASE, WRONG, env={"WANDB_API_KEY": None})
    assert code != 0, f"`wandb login` with a wrong key: exit code 0: {output}"
    assert not os.path.exists(os.environ["NETRC"]) or WRONG not in open(os.environ["NETRC"]).read(), "the wrong key was stored"


@check
def wrong_key_is_refused_for_a_run():
    code, output = command(sys.executable, "-c", "import wandb; r = wandb.init(); r.log({'a': 1}); r.finish()", env={"WANDB_API_KEY": WRONG, "WANDB_PROJECT": PROJECT})
    assert code != 0, f"a run with a wrong key: exit code 0: {output[-300:]}"
    assert "401" in output or "permission" in output.lower() or "logged in" in output.lower() or "credential" in output.lower() or "api key" in output.lower(), f"message: {output[-300:]}"


@check
def wrong_key_is_refused_by_graphql():
    status, body = gql("query Viewer { viewer { id } }", key=WRONG)
    assert status in (401, 403) or body.get("errors") or (body.get("data") or {}).get("viewer") is None, f"viewer for a wrong key: {status} {body}"
    status, body = gql("query GetProjects($e: String) { models(entityName: $e, first: 1) { edges { node { name } } } }", key=WRONG, e=entity())
    assert status in (401, 403) or body.get("errors"), f"projects for a wrong key: {status} {body}"
    note(f"a wrong key gets status {status}: {short(body)}")


@check
def missing_key_is_refused():
    status, body = gql("query GetProjects($e: String) { models(entityName: $e, first: 1) { edges { node { name } } } }", key=None, e=entity())
    assert status in (401, 403) or body.get("errors"), f"projects without a key: {status} {body}"
    code, output = command(sys.executable, "-c", "import wandb; wandb.init(); print('went on')", env={"WANDB_API_KEY": None})
    assert code != 0 and "went on" not in output, f"a run without a key: {output[-300:]}"


@check
def file_stream_needs_a_key():
    for key in (None, WRONG):
        import base64
        headers = {"Content-Type": "application/json", **({"Authorization": "Basic " + base64.b64encode(f"api:{key}".encode()).decode()} if key else {})}
        request = urllib.request.Request(f"{BASE}/files/{entity()}/{PROJECT}/{ids()}/file_stream", b"{}", headers)
        try:
            status = urllib.request.urlopen(request, timeout=10).status
        except urllib.error.HTTPError as error:
            status = error.code
        assert status in (401, 403, 404), f"file stream with key {key}: {status}"


@check
def wrong_key_gets_no_files():
    with run() as r:
        r.save(write(f"{(d := tmp())}/secret.txt", "secret"), base_path=d, policy="now")
    got = fetch(r)
    text = refused("Api() with a wrong key", lambda: wandb.Api(api_key=WRONG, timeout=10).run("/".join(got.path)).state)
    assert text, "no message"
    status, body = page(f"/{got.entity}/{PROJECT}/runs/{r.id}")
    note(f"GET of the run's page without a key: {status}")
    assert "secret" not in body, "the page without a key shows the content of a file"


@check
def viewer():
    me = api().viewer
    assert me.username and me.entity, f"viewer: {me.username!r} {me.entity!r}"
    same("default_entity", api().default_entity, me.entity)
    assert isinstance(me.teams, list), f"teams: {me.teams!r}"
    assert isinstance(me.api_keys, list), f"api_keys: {me.api_keys!r}"
    note(f"teams {me.teams}, email {me.email!r}, admin {getattr(me, 'admin', None)}")


@check
def raw_keys_and_bearer():
    status, body = gql("query Viewer { viewer { id entity username email flags teams { edges { node { name } } } } }")
    same("status", status, 200)
    assert body["data"]["viewer"]["username"], f"viewer: {body}"
    flags = body["data"]["viewer"]["flags"]
    assert flags is None or isinstance(flags, str), f"flags should be a JSON string: {flags!r}"


@check
def graphql_errors_are_clean():
    for query, what in (("query {", "broken syntax"), ("query X { nonsense { a } }", "unknown field"), ("", "empty query")):
        status, body = gql(query)
        assert body.get("errors") and status in (200, 400, 422), f"{what}: {status} {short(body)}"
    status, body = gql("query A { viewer { id } } query B { viewer { id } }")
    assert body.get("errors"), f"two operations without a name: {status} {short(body)}"


@check
def key_page():
    status, body = page("/authorize")
    note(f"GET /authorize: {status}, {len(body)} bytes")
    assert status < 500, f"/authorize: {status}"
    status, body = page("/")
    assert status in (200, 302, 401, 403), f"GET /: {status}"
    status, _ = page("/settings")
    note(f"GET /settings: {status}")


@check
def login_in_python():
    same("wandb.login(verify=True)", wandb.login(key=KEY, host=BASE, verify=True, relogin=True), True)
    refused("wandb.login of a wrong key", lambda: wandb.login(key=WRONG, host=BASE, verify=True, relogin=True))


@check
def whoami_of_init():
    with run() as r:
        same("entity of the run", r.entity, api().default_entity)


if __name__ == "__main__":
    main()
