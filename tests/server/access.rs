//! Who may ask for what, and what hostile requests get.

use std::fs;
use std::io::Read as _;

use serde_json::{Value, json};

use super::TestServer;
use crate::common::TestEnv;

/// Everything that is not open to all.
const GUARDED: &[(&str, &str)] = &[
    ("POST", "/graphql"),
    ("POST", "/files/e/p/r/file_stream"),
    (
        "GET",
        "/artifactsV2/r/e/p/c/a/5d41402abc4b2a76b9719d911017c592/x",
    ),
    ("GET", "/-/api/session"),
    ("GET", "/-/api/projects"),
    ("GET", "/-/api/events"),
    ("GET", "/-/api/key"),
    ("POST", "/-/api/backup"),
    ("GET", "/-/api/p/e/p/runs"),
    ("GET", "/-/api/p/e/p/columns"),
    ("POST", "/-/api/p/e/p/series"),
    ("POST", "/-/api/p/e/p/delete"),
    ("POST", "/-/api/p/e/p/tag"),
    ("GET", "/-/api/p/e/p/runs/r"),
    ("PATCH", "/-/api/p/e/p/runs/r"),
    ("GET", "/-/api/p/e/p/runs/r/logs"),
    ("GET", "/-/api/p/e/p/runs/r/files"),
    ("GET", "/-/api/p/e/p/runs/r/files/x"),
    ("GET", "/-/api/p/e/p/runs/r/media?key=x"),
    ("GET", "/-/api/p/e/p/runs/r/artifacts"),
    ("GET", "/-/api/p/e/p/artifacts"),
    ("GET", "/-/api/p/e/p/artifacts/c"),
    ("GET", "/-/api/p/e/p/artifacts/c/v0/files"),
    ("GET", "/-/api/p/e/p/artifacts/c/v0/file/x"),
    ("GET", "/-/api/p/e/p/sweeps/s"),
];

#[test]
fn nothing_is_answered_without_a_key() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    for (method, path) in GUARDED {
        for key in [None, Some("local-0000000000000000000000000000000000000000")] {
            let method: reqwest::Method = method.parse().unwrap();
            let request = server
                .client
                .request(method, format!("{}{path}", server.url));
            let request = match key {
                Some(key) => request.basic_auth("api", Some(key)),
                None => request,
            };
            let answer = request
                .header("content-type", "application/json")
                .body("{}")
                .send()
                .unwrap();
            assert_eq!(answer.status(), 401, "{path} with key {key:?}");
            let body = answer.text().unwrap();
            assert!(!body.contains("0000"), "the key is in the answer: {body}");
        }
    }
    for open in [
        "/-/health",
        "/healthz",
        "/",
        "/login",
        "/any/page",
        "/-/static/app.js",
    ] {
        assert_eq!(server.get(open).send().unwrap().status(), 200, "{open}");
    }
}

#[test]
fn pages_may_load_nothing_from_elsewhere_and_are_framed_by_nobody() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    for path in ["/", "/-/static/app.js", "/-/api/session"] {
        let answer = server.get(path).send().unwrap();
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    }
}

#[test]
fn files_of_pages_come_packed_to_those_that_unpack_them_and_once() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    let get = |path: &str, accepted: &str, known: &str| {
        let request = server.get(path).header("accept-encoding", accepted);
        request.header("if-none-match", known).send().unwrap()
    };
    for (path, file) in [("/-/static/app.js", "app.js"), ("/any/page", "index.html")] {
        let expected = fs::read(format!("src/server/web/{file}")).unwrap();
        let plain = get(path, "identity", "");
        assert!(!plain.headers().contains_key("content-encoding"), "{path}");
        let packed = get(path, "br, gzip", "");
        assert_eq!(packed.headers()["content-encoding"], "gzip", "{path}");
        assert_eq!(packed.headers()["vary"], "accept-encoding", "{path}");
        let tags =
            [&plain, &packed].map(|answer| answer.headers()["etag"].to_str().unwrap().to_owned());
        assert_ne!(tags[0], tags[1], "{path}");
        assert_eq!(plain.bytes().unwrap(), expected, "{path}");
        let packed = packed.bytes().unwrap();
        assert!(packed.len() < expected.len(), "{path}");
        assert_eq!(unpacked(&packed), expected, "{path}");
        for (accepted, tag, status) in [
            ("gzip", &tags[1], 304),
            ("gzip", &tags[0], 200),
            ("identity", &tags[0], 304),
        ] {
            let answer = get(path, accepted, tag);
            assert_eq!(answer.status(), status, "{path} {accepted}");
            // A browser keeps what it is told last.
            let policy = answer.headers()["content-security-policy"].to_str();
            assert!(policy.unwrap().starts_with("default-src 'self'"), "{path}");
        }
    }
}

fn unpacked(packed: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(packed);
    decoder.read_to_end(&mut content).unwrap();
    content
}

#[test]
fn a_page_of_another_site_reaches_nothing() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    // Its name was made to point here.
    let answer = server
        .get("/-/health")
        .header("host", "evil.example")
        .send()
        .unwrap();
    assert_eq!(answer.status(), 421);
    // The browser has a session here, and the page sends a request with it.
    let login = server
        .post("/-/api/login")
        .json(&json!({"key": server.key}))
        .send()
        .unwrap();
    assert_eq!(login.status(), 204);
    let cookie = login.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let session: Value = server
        .get("/-/api/session")
        .header("cookie", &cookie)
        .send()
        .unwrap()
        .json()
        .unwrap();
    let delete = |token: Option<&str>| {
        let request = server
            .post("/-/api/p/e/p/delete")
            .header("cookie", &cookie)
            .json(&json!({"runs": []}));
        let request = match token {
            Some(token) => request.header("x-csrf-token", token),
            None => request,
        };
        request.send().unwrap().status().as_u16()
    };
    assert_eq!(delete(None), 403);
    assert_eq!(delete(Some("guessed")), 403);
    assert_eq!(delete(session["csrf"].as_str()), 200);
    // Programs' addresses do not know sessions at all.
    let answer = server
        .post("/graphql")
        .header("cookie", &cookie)
        .json(&json!({"query": "{viewer{id}}"}))
        .send()
        .unwrap();
    assert_eq!(answer.status(), 401);
    // What a form of another site can send is not taken, even with a key.
    let form = server
        .post("/graphql")
        .basic_auth("api", Some(&server.key))
        .header("content-type", "text/plain")
        .body("{\"query\":\"{viewer{id}}\"}");
    assert_eq!(form.send().unwrap().status(), 415);
    let foreign = server
        .post("/graphql")
        .basic_auth("api", Some(&server.key))
        .header("sec-fetch-site", "cross-site")
        .json(&json!({"query": "{viewer{id}}"}));
    assert_eq!(foreign.send().unwrap().status(), 403);
    // Signing out ends it.
    let out = server
        .post("/-/api/logout")
        .header("cookie", &cookie)
        .header("x-csrf-token", session["csrf"].as_str().unwrap());
    assert_eq!(out.send().unwrap().status(), 204);
    assert_eq!(
        server
            .get("/-/api/session")
            .header("cookie", &cookie)
            .send()
            .unwrap()
            .status(),
        401
    );
}

#[test]
fn names_of_files_lead_nowhere_else() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    server.make_run("p", "r");
    let mutation = "mutation M($f: [String!]!) { createRunFiles(input: {projectName: \"p\", runName: \"r\", files: $f}) { files { uploadUrl } } }";
    for name in [
        "../x",
        "a/../../x",
        "..",
        "",
        "/../../../etc/passwd",
        "a\u{0}b",
    ] {
        assert_eq!(
            server.ask(mutation, &json!({"f": [name]})).status(),
            400,
            "{name:?}"
        );
    }
    let base = format!("/-/api/p/{}/p/runs/r/files/", server.user());
    for path in [
        "..%2f..%2fapi-key",
        "%2e%2e/%2e%2e/api-key",
        "../../../../../../server/api-key",
    ] {
        let answer = server
            .get(&format!("{base}{path}"))
            .bearer_auth(&server.key)
            .send()
            .unwrap();
        assert!(
            answer.status().is_client_error() || !answer.text().unwrap().contains(&server.key),
            "{path}"
        );
    }
    for path in [
        "/-/static/%2e%2e%2fhttp.rs",
        "/-/storage/run/1/x",
        "/-/storage/blob/../../api-key/x?until=9999999999&signature=00",
    ] {
        assert!(
            server.get(path).send().unwrap().status().is_client_error(),
            "{path}"
        );
    }
}

#[test]
fn uploads_go_only_to_signed_addresses() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    server.make_run("p", "r");
    let data = server.query(
        "mutation { createRunFiles(input: {projectName: \"p\", runName: \"r\", files: [\"a.txt\"]}) { files { uploadUrl } } }",
        &json!({}),
    );
    let url = data["createRunFiles"]["files"][0]["uploadUrl"]
        .as_str()
        .unwrap()
        .to_owned();
    let put = |url: &str, md5: Option<&str>| {
        let request = server.client.put(url).body("hello");
        let request = match md5 {
            Some(md5) => request.header("content-md5", md5),
            None => request,
        };
        request.send().unwrap().status().as_u16()
    };
    assert_eq!(put(&url.replace("a.txt", "b.txt"), None), 403);
    assert_eq!(put(&url.replace("until=", "until=9"), None), 403);
    assert_eq!(put(&url, Some("AAAAAAAAAAAAAAAAAAAAAA==")), 400);
    assert_eq!(put(&url, Some("XUFAKrxLKna5cZ2REBfFkg==")), 200);
    let files = server.page(&format!("/p/{}/p/runs/r/files", server.user()));
    assert_eq!(files["files"][0]["name"], "a.txt");
    assert_eq!(files["files"][0]["size"], 5);
    assert_eq!(
        server
            .get(url.strip_prefix(&server.url).unwrap())
            .send()
            .unwrap()
            .status(),
        403
    );
}

#[test]
fn what_can_hold_scripts_is_handed_out_as_a_download() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    server.make_run("p", "r");
    for name in ["x.html", "x.svg", "x.js"] {
        let data = server.query(
            "mutation M($f: [String!]!) { createRunFiles(input: {projectName: \"p\", runName: \"r\", files: $f}) { files { uploadUrl } } }",
            &json!({"f": [name]}),
        );
        let url = data["createRunFiles"]["files"][0]["uploadUrl"]
            .as_str()
            .unwrap()
            .to_owned();
        server
            .client
            .put(url)
            .body("<script>alert(1)</script>")
            .send()
            .unwrap();
        let path = format!("/-/api/p/{}/p/runs/r/files/{name}", server.user());
        let answer = server.get(&path).bearer_auth(&server.key).send().unwrap();
        assert_eq!(
            answer.headers()["content-disposition"],
            "attachment",
            "{name}"
        );
        assert!(
            answer.headers()["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("sandbox")
        );
    }
}

#[test]
fn bombs_are_refused_and_others_are_served() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    server.make_run("p", "r");
    let status = |query: &str| server.ask(query, &json!({})).status().as_u16();
    // Depth, width, circles of fragments, and fragments that double.
    assert_eq!(
        status(&format!("{}{}", "{viewer".repeat(5000), "}".repeat(5000))),
        400
    );
    assert_eq!(
        status(&format!("{{ {} }}", "a: viewer { id } ".repeat(10_000))),
        400
    );
    assert_eq!(
        status("query { viewer { ...A } } fragment A on User { ...B } fragment B on User { ...A }"),
        400
    );
    let doubling: Vec<String> = (0..30)
        .map(|at| format!("fragment F{at} on User {{ ...F{0} ...F{0} }}", at + 1))
        .collect();
    let doubling = doubling.join(" ");
    let doubling = format!("{{ viewer {{ ...F0 }} }} {doubling} fragment F30 on User {{ id }}");
    assert_eq!(status(&doubling), 400);
    // The same where nothing is collected.
    let empty = doubling.replace(
        "fragment F30 on User { id }",
        "fragment F30 on User { ... on Nothing { id } }",
    );
    assert_eq!(status(&empty), 400);
    // A body that unpacks to more than is allowed, and one that is too large as it is.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &vec![b' '; 100 << 20]).unwrap();
    let path = format!("/files/{}/p/r/file_stream", server.user());
    let bomb = server.post(&path).basic_auth("api", Some(&server.key));
    let bomb = bomb
        .header("content-encoding", "gzip")
        .body(packed.finish().unwrap());
    assert_eq!(bomb.send().unwrap().status(), 400);
    let large = server
        .post("/graphql")
        .basic_auth("api", Some(&server.key))
        .header("content-type", "application/json")
        .body(vec![b' '; 70 << 20]);
    assert!(large.send().map_or(true, |answer| answer.status() == 413));
    assert_eq!(
        server.query("{ viewer { username } }", &json!({}))["viewer"]["username"],
        server.user()
    );
}

#[test]
fn names_are_data_and_never_statements() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    let hostile = [
        "'; DROP TABLE runs; --",
        "\" OR 1=1 --",
        "<img src=x onerror=alert(1)>",
        "${7*7}",
        "%s%n",
    ];
    for name in hostile {
        let id = server.make_run("p", "r");
        let data = server.query(
            "mutation M($id: String, $d: String, $t: [String!], $n: String) { upsertBucket(input: {id: $id, displayName: $d, tags: $t, notes: $n}) { bucket { displayName tags notes } } }",
            &json!({"id": id, "d": name, "t": [name], "n": name}),
        );
        let bucket = &data["upsertBucket"]["bucket"];
        assert_eq!(
            (&bucket["displayName"], &bucket["notes"], &bucket["tags"][0]),
            (&json!(name), &json!(name), &json!(name))
        );
        let filter = json!({"display_name": name}).to_string();
        let data = server.query(
            "query Q($e: String, $f: JSONString) { project(name: \"p\", entityName: $e) { runCount(filters: $f) } }",
            &json!({"e": server.user(), "f": filter}),
        );
        assert_eq!(data["project"]["runCount"], 1, "{name}");
    }
    for name in hostile {
        let data = server.query(
            "query Q($n: String!) { project(name: $n, entityName: \"x\") { id } }",
            &json!({"n": name}),
        );
        assert!(data["project"].is_null());
    }
    // Every answer is JSON, whatever stands in it: a browser never takes it for a page.
    let answer = server
        .get(&format!("/-/api/p/{}/p/runs", server.user()))
        .bearer_auth(&server.key)
        .send()
        .unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
}

#[test]
fn nonsense_is_refused_with_what_is_wrong() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    server.make_run("p", "r");
    let cases = [
        (
            "{ viewer { nonsense } }",
            "Cannot query field \"nonsense\" on type \"User\"",
        ),
        ("{ viewer", "syntax error"),
        (
            "mutation { upsertBucket(input: {name: \"a:b\", modelName: \"p\"}) { bucket { id } } }",
            "must not contain",
        ),
        (
            "mutation { upsertBucket(input: {name: \"a\", modelName: \"a/b\"}) { bucket { id } } }",
            "invalid project name",
        ),
        (
            "mutation { upsertBucket(input: {name: \"a\", modelName: \"p\", config: \"[\"}) { bucket { id } } }",
            "config is not JSON",
        ),
        (
            "mutation { deleteRun(input: {id: \"nonsense\"}) { clientMutationId } }",
            "not found",
        ),
        (
            "mutation { createAgent(input: {host: \"h\", projectName: \"p\", sweep: \"s\"}) { agent { id } } }",
            "not found",
        ),
    ];
    for (query, part) in cases {
        let answer = server.ask(query, &json!({}));
        assert!(answer.status().is_client_error(), "{query}");
        let body: Value = answer.json().unwrap();
        let message = body["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(part), "{query}: {message}");
    }
    for body in [
        "",
        "[]",
        "{\"files\": 5}",
        "{\"files\":{\"output.log\":{\"content\":5}}}",
    ] {
        let request = server.post(&format!("/files/{}/p/r/file_stream", server.user()));
        let status = request
            .basic_auth("api", Some(&server.key))
            .body(body)
            .send()
            .unwrap()
            .status();
        assert_eq!(
            status.as_u16(),
            if body.is_empty() { 200 } else { 400 },
            "{body}"
        );
    }
    assert_eq!(
        server.stream("p", "none", &json!({})).unwrap().status(),
        404
    );
    let filter = server
        .get(&format!(
            "/-/api/p/{}/p/runs?filter=config.lr%20%3C",
            server.user()
        ))
        .bearer_auth(&server.key);
    let answer = filter.send().unwrap();
    assert_eq!(answer.status(), 400);
    let told: Value = answer.json().unwrap();
    assert!(
        told["error"].is_string() && told["at"].is_number(),
        "{told}"
    );
}

#[test]
fn connections_that_say_nothing_give_way() {
    let env = TestEnv::new();
    let data = env.path("data");
    let own = env!("CARGO_BIN_EXE_wandb-rs");
    let mut command = env.program("sh");
    command.args([
        "-c",
        "ulimit -n 64; exec \"$0\" server start --foreground --port 0 --data-dir \"$1\"",
        own,
        data.to_str().unwrap(),
    ]);
    let server = TestServer::started(command, &data);
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    // More than it can hold at once; half of them begin a request and stop.
    let silent: Vec<_> = (0..50)
        .filter_map(|number| {
            let mut stream = std::net::TcpStream::connect(&address).ok()?;
            if number % 2 == 0 {
                let _ = std::io::Write::write_all(&mut stream, b"GET /p HTTP/1.1\r\nHost: lo");
            }
            Some(stream)
        })
        .collect();
    assert!(silent.len() > 32, "{}", silent.len());
    assert_eq!(
        server.query("{ viewer { username } }", &json!({}))["viewer"]["username"],
        server.user()
    );
}
