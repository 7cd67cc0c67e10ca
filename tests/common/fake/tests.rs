//! The fake server itself, over plain sockets.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::super::eventually;
use super::*;

const STREAM: &str = "/files/fake-user/my%20project/r1/file_stream";

/// A connection of a client.
struct Client(BufReader<TcpStream>);

impl Client {
    fn new(server: &FakeWandb) -> Self {
        Self(BufReader::new(
            TcpStream::connect(server.shared.address).unwrap(),
        ))
    }

    fn send(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        // One write: a reset would be told to a second one, and the read after it see a mere end.
        let request = [head.as_bytes(), body].concat();
        self.0.get_ref().write_all(&request).unwrap();
    }

    /// Status, head and body of the next answer; an error if it breaks off.
    fn receive(&mut self) -> std::io::Result<(u16, String, Vec<u8>)> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok((head[9..12].parse().unwrap(), head, body))
    }

    fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> std::io::Result<(u16, Value)> {
        self.send(method, path, headers, body);
        let (status, _, body) = self.receive()?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    fn graphql(&mut self, query: &str, variables: &Value) -> std::io::Result<(u16, Value)> {
        let body = json!({"query": query, "variables": variables}).to_string();
        self.call("POST", "/graphql", &login(), body.as_bytes())
    }

    fn stream(&mut self, body: &Value) -> std::io::Result<(u16, Value)> {
        self.call("POST", STREAM, &login(), body.to_string().as_bytes())
    }

    /// Makes the run `r1`.
    fn upsert(&mut self) -> Value {
        let (status, answer) = self.graphql(UPSERT, &upsert_variables()).unwrap();
        assert_eq!(status, 200, "{answer}");
        answer["data"]["upsertBucket"].clone()
    }

    /// Asks for one signed URL below the server.
    fn signed(&mut self, server: &FakeWandb, name: &str) -> String {
        let variables = json!({"project": "my project", "run": "r1", "files": [name]});
        let (_, answer) = self.graphql(CREATE_FILES, &variables).unwrap();
        let files = &answer["data"]["createRunFiles"];
        assert_eq!(files["uploadHeaders"], json!(["X-Fake-Upload: run-file"]));
        let url = files["files"][0]["uploadUrl"].as_str().unwrap();
        url.strip_prefix(&server.url()).unwrap().to_owned()
    }
}

const UPSERT: &str = "mutation UpsertBucket($name: String!, $project: String, $config: JSONString, $tags: [String!]) {
    upsertBucket(input: {name: $name, modelName: $project, config: $config, tags: $tags}) {
        bucket { id title: displayName historyLineCount project { name entity { name } } } inserted
    } }";

const CREATE_FILES: &str =
    "mutation CreateRunFiles($project: String!, $run: String!, $files: [String!]!) {
    createRunFiles(input: {projectName: $project, runName: $run, files: $files}) {
        runID uploadHeaders files { name uploadUrl } } }";

fn upsert_variables() -> Value {
    json!({
        "name": "r1",
        "project": "my project",
        "config": r#"{"lr":{"value":0.1},"_wandb":{"value":{"t":{}}}}"#,
        "tags": ["a"],
    })
}

fn login() -> String {
    let credentials = STANDARD.encode(format!("api:{API_KEY}"));
    format!("Authorization: Basic {credentials}\r\n")
}

fn lines(offset: usize, lines: &[&str]) -> Value {
    json!({"files": {"wandb-history.jsonl": {"offset": offset, "content": lines}}})
}

fn run_artifact_digest(server: &FakeWandb) -> String {
    server.artifacts()[0].digest.clone()
}

fn the_run(server: &FakeWandb) -> RunView {
    server.run(DEFAULT_ENTITY, "my project", "r1")
}

#[test]
fn a_run_is_made_changed_and_answered_as_selected() {
    let server = FakeWandb::start();
    let mut client = Client::new(&server);
    let first = client.upsert();
    assert_eq!(first["inserted"], true);
    let bucket = &first["bucket"];
    assert_eq!(bucket["title"], "brave-river-1");
    assert_eq!(bucket["project"]["entity"], json!({"name": "fake-user"}));
    assert_eq!(bucket.as_object().unwrap().len(), 4, "{bucket}");

    let query = "mutation { upsertBucket { inserted } }";
    let variables = json!({"input": {"id": bucket["id"], "notes": "n", "tags": null}});
    let (_, second) = client.graphql(query, &variables).unwrap();
    assert_eq!(
        second,
        json!({"data": {"upsertBucket": {"inserted": false}}})
    );

    let run = the_run(&server);
    assert_eq!((run.notes.as_deref(), run.tags.len()), (Some("n"), 1));
    assert_eq!(run.config_value("lr"), json!(0.1));
    assert_eq!((run.state.as_str(), run.upserts), ("running", 2));
    assert_eq!(server.operations(), ["UpsertBucket", "UpsertBucket"]);
}

#[test]
fn the_key_is_needed_and_unknown_operations_are_told() {
    let server = FakeWandb::start();
    let mut client = Client::new(&server);
    let body = br#"{"query":"query Viewer { viewer { entity } }"}"#;
    let (status, answer) = client.call("POST", "/graphql", "", body).unwrap();
    let message = &answer["errors"][0]["message"];
    assert_eq!((status, message), (401, &json!("user is not logged in")));
    let (_, answer) = client
        .graphql("query Viewer { viewer { entity } }", &Value::Null)
        .unwrap();
    assert_eq!(
        answer,
        json!({"data": {"viewer": {"entity": DEFAULT_ENTITY}}})
    );
    let (status, answer) = client
        .graphql("{ weather { today } }", &Value::Null)
        .unwrap();
    let message = &answer["errors"][0]["message"];
    assert_eq!((status, message), (200, &json!("unsupported: Weather")));
}

#[test]
fn a_repeated_stream_request_changes_nothing_and_the_end_sets_the_state() {
    let server = FakeWandb::start();
    let mut client = Client::new(&server);
    client.upsert();
    let rows = lines(0, &[r#"{"_step":0,"a":NaN}"#, r#"{"_step":1}"#]);
    for _ in 0..2 {
        let (status, answer) = client.stream(&rows).unwrap();
        assert_eq!(status, 200);
        assert_eq!(
            answer,
            json!({"exitcode": null, "limits": {}, "stopped": false})
        );
    }
    client.stream(&lines(2, &[r#"{"_step":2}"#])).unwrap();
    server.set_stopped(DEFAULT_ENTITY, "my project", "r1", true);
    let end = json!({
        "files": {"wandb-summary.json": {"offset": 0, "content": ["{}", r#"{"a":1}"#]},
                  "output.log": {"offset": 0, "content": [r#"{"ts":"…","content":"hi"}"#]}},
        "complete": true, "exitcode": 3,
    });
    for _ in 0..2 {
        assert_eq!(client.stream(&end).unwrap().1["stopped"], true);
    }
    let run = the_run(&server);
    assert_eq!((run.history.len(), run.history_rewritten), (3, 0));
    assert_eq!(run.history_rows()[0]["a"], "NaN");
    assert_eq!(run.summary_value(), json!({"a": 1}));
    assert_eq!(run.console_texts(), ["hi"]);
    assert_eq!((run.state.as_str(), run.exit_code), ("failed", Some(3)));
}

#[test]
fn what_breaks_the_protocol_is_noted_and_fails_the_test() {
    let server = FakeWandb::start();
    let mut client = Client::new(&server);
    client.upsert();
    assert_eq!(client.stream(&lines(1, &["{}"])).unwrap().0, 400);
    client.stream(&lines(0, &["no JSON"])).unwrap();
    client
        .stream(&json!({"complete": true, "exitcode": 0}))
        .unwrap();
    client.stream(&lines(1, &["{}"])).unwrap();
    let (status, _) = client
        .call("PUT", "/storage/run/x?signature=1", &login(), b"")
        .unwrap();
    assert_eq!(status, 403);
    client
        .graphql("query Viewer { viewer { shoe } }", &Value::Null)
        .unwrap();
    let undeclared = "query RunResumeStatus { model(name: $name) { id } }";
    assert_eq!(client.graphql(undeclared, &Value::Null).unwrap().0, 400);
    let put = "PUT /storage/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.0.get_ref().write_all(put.as_bytes()).unwrap();
    assert_eq!(client.receive().unwrap().0, 411);

    let violations = server.violations();
    for (told, part) in violations.iter().zip([
        "gap in offsets: 0 lines are there, and lines from 1 come",
        "not a line of JSON",
        "data after `complete`",
        "credentials on a storage URL",
        "it was not asked for",
        "Viewer.viewer.shoe",
        "variable $name is used but not declared",
        "without Content-Length",
    ]) {
        assert!(told.contains(part), "{told:?} lacks {part:?}");
    }
    assert_eq!(violations.len(), 8, "{violations:#?}");
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(server)));
    assert!(dropped.is_err());
}

#[test]
fn files_go_to_signed_urls_and_can_be_read_back() {
    let server = FakeWandb::start();
    let mut client = Client::new(&server);
    client.upsert();
    let path = client.signed(&server, "media/a b.txt");
    let header = "x-fake-upload: run-file\r\n";
    assert_eq!(client.call("PUT", &path, header, b"bytes").unwrap().0, 200);
    client
        .stream(&json!({"uploaded": ["media/a b.txt"]}))
        .unwrap();
    let run = the_run(&server);
    assert_eq!(run.files["media/a b.txt"], b"bytes");
    assert!(run.uploaded.contains("media/a b.txt"));
    assert_eq!(server.requests()[2].operation, "upload media/a b.txt");
    assert!(server.requests()[2].contains("bytes"));
    client.send("GET", path.split('?').next().unwrap(), "", b"");
    assert_eq!(client.receive().unwrap().2, b"bytes");
}

#[test]
fn each_fault_happens_as_it_is_named() {
    let server = FakeWandb::start();
    Client::new(&server).upsert();
    // Gives what the client sees of one stream request, and the lines that are there then.
    let with = |fault: Fault| {
        server.faults(move |_| fault.clone());
        let mut client = Client::new(&server);
        let before = the_run(&server).history.len();
        client.send(
            "POST",
            STREAM,
            &login(),
            lines(before, &["{}"]).to_string().as_bytes(),
        );
        let seen = client.receive();
        // A fault is over for the server when its connection is.
        (seen, the_run(&server).history.len() - before)
    };
    let (seen, applied) = with(Fault::status(429).header("Retry-After", "0.05"));
    let (status, head, _) = seen.unwrap();
    assert!(head.contains("Retry-After: 0.05\r\n"));
    assert_eq!((status, applied), (429, 0));
    let (seen, applied) = with(Fault::ApplyThenStatus(500));
    assert_eq!((seen.unwrap().0, applied), (500, 1));
    let (seen, applied) = with(Fault::Html(502));
    assert!(seen.unwrap().2.starts_with(b"<html>"));
    assert_eq!(applied, 0);
    let (seen, applied) = with(Fault::TruncatedJson);
    let (status, _, body) = seen.unwrap();
    assert!(serde_json::from_slice::<Value>(&body).is_err());
    assert_eq!((status, applied), (200, 1));
    let (seen, applied) = with(Fault::Delay(Duration::from_millis(1)));
    assert_eq!((seen.unwrap().0, applied), (200, 1));
    for (fault, expected) in [
        (Fault::ResetBefore, 0),
        (Fault::ResetInBody, 0),
        (Fault::ApplyThenReset, 1),
        (Fault::ResetInReply, 1),
    ] {
        let name = format!("{fault:?}");
        let (seen, applied) = with(fault);
        let kind = seen.unwrap_err().kind();
        assert_eq!(
            (kind, applied),
            (std::io::ErrorKind::ConnectionReset, expected),
            "{name}"
        );
    }
    let statuses: Vec<Option<u16>> = server.requests().iter().map(|r| r.status).collect();
    let expected = [200, 429, 500, 502, 200, 200, 0, 0, 0, 200];
    assert_eq!(
        statuses,
        expected.map(|status| Some(status).filter(|status| *status > 0))
    );
}

#[test]
fn a_stalled_request_is_served_when_the_gate_opens_and_dropped_when_the_client_leaves() {
    let server = FakeWandb::start();
    let mut client = Client::new(&server);
    client.upsert();
    let gate = Gate::new();
    let held = gate.clone();
    server.faults(move |_| Fault::Stall(held.clone()));
    let mut leaving = Client::new(&server);
    leaving.send(
        "POST",
        STREAM,
        &login(),
        lines(0, &["{}"]).to_string().as_bytes(),
    );
    assert!(eventually(|| gate.waiting() == 1));
    leaving.0.get_ref().shutdown(Shutdown::Both).unwrap();
    assert!(eventually(|| gate.waiting() == 0));
    client.send(
        "POST",
        STREAM,
        &login(),
        lines(0, &["{}"]).to_string().as_bytes(),
    );
    assert!(eventually(|| gate.waiting() == 1));
    assert_eq!(the_run(&server).history.len(), 0);
    gate.open();
    assert_eq!(client.receive().unwrap().0, 200);
    assert_eq!(the_run(&server).history.len(), 1);
}

#[test]
fn a_pause_refuses_connections_and_ends() {
    let server = FakeWandb::start();
    let mut client = Client::new(&server);
    client.upsert();
    for _ in 0..3 {
        server.pause();
        assert!(client.graphql("{ viewer { id } }", &Value::Null).is_err());
        let refused = TcpStream::connect(server.shared.address).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        server.resume();
        client = Client::new(&server);
        assert_eq!(client.upsert()["inserted"], false);
    }
}

#[test]
fn latency_holds_for_all_answers_and_does_not_outlive_the_server() {
    let server = FakeWandb::start();
    server.latency(Duration::from_millis(20));
    let start = Instant::now();
    let mut client = Client::new(&server);
    client.upsert();
    assert!(start.elapsed() >= Duration::from_millis(20));
    server.latency(Duration::from_secs(3600));
    client.send("POST", STREAM, &login(), b"{}");
    assert!(eventually(|| server.requests().len() == 2));
    drop(server);
    assert!(start.elapsed() < crate::common::PATIENCE);
}

#[test]
fn random_faults_follow_from_the_seed_and_let_a_patient_client_through() {
    let view = |attempt| RequestView {
        kind: RequestKind::Stream,
        target: String::new(),
        attempt,
        count: 0,
    };
    let deal = |seed| {
        let mut plan = random_faults(seed, 0.5);
        (1..200)
            .map(|n| format!("{:?}", plan(&view(n))))
            .collect::<Vec<_>>()
    };
    assert_eq!(deal(7), deal(7));
    assert_ne!(deal(7), deal(8));
    let failed = deal(7).iter().filter(|fault| *fault != "None").count();
    assert!((60..140).contains(&failed), "{failed}");
    assert!(
        deal(9)
            .windows(5)
            .all(|five| five.contains(&"None".to_owned()))
    );

    let server = FakeWandb::start();
    server.faults(random_faults(3, 0.6));
    let patiently = |call: &dyn Fn(&mut Client) -> std::io::Result<(u16, Value)>| {
        while !call(&mut Client::new(&server)).is_ok_and(|(status, answer)| {
            status == 200 && answer.is_object() && answer["errors"].is_null()
        }) {}
    };
    patiently(&|client| client.graphql(UPSERT, &upsert_variables()));
    for line in 0..50 {
        patiently(&|client| client.stream(&lines(line, &[&format!("{{\"_step\":{line}}}")])));
    }
    let run = the_run(&server);
    assert_eq!((run.history.len(), run.history_rewritten), (50, 0));
}

#[test]
fn rewinding_and_branching_keep_the_rows_up_to_the_step() {
    let server = FakeWandb::start();
    let mut client = Client::new(&server);
    client.upsert();
    let rows = [r#"{"_step":0}"#, r#"{"_step":4}"#, r#"{"_step":9}"#];
    client.stream(&lines(0, &rows)).unwrap();
    let branch = r#"{"_wandb":{"value":{"branch_point":{"run_id":"r1","step":5}}}}"#;
    let variables = json!({"name": "r2", "project": "my project", "config": branch});
    let (_, answer) = client.graphql(UPSERT, &variables).unwrap();
    assert_eq!(
        answer["data"]["upsertBucket"]["bucket"]["historyLineCount"],
        2
    );
    let resume = "query RunResumeStatus($project: String, $name: String!) { model(name: $project) {
        bucket(name: $name) { historyTail wandbConfig(keys: [\"t\"]) } } }";
    let variables = json!({"name": "r1", "project": "my project"});
    let (_, answer) = client.graphql(resume, &variables).unwrap();
    let expected = json!({"historyTail": r#"["{\"_step\":9}"]"#, "wandbConfig": r#"{"t":{}}"#});
    assert_eq!(answer["data"]["model"]["bucket"], expected);
    let rewind = "mutation RewindRun($runName: String!, $project: String!, $metricValue: Float!) {
        rewindRun(input: {runName: $runName, projectName: $project, metricValue: $metricValue}) {
            rewoundRun { historyLineCount } } }";
    let variables = json!({"runName": "r1", "project": "my project", "metricValue": 0});
    let (_, answer) = client.graphql(rewind, &variables).unwrap();
    assert_eq!(
        answer["data"]["rewindRun"]["rewoundRun"]["historyLineCount"],
        1
    );
    assert_eq!(server.runs().len(), 2);
}

#[test]
fn an_artifact_is_committed_when_all_its_bytes_are_there() {
    let server = FakeWandb::start();
    let mut client = Client::new(&server);
    client.upsert();
    let (small, large) = (b"small".to_vec(), b"larger than that".to_vec());
    let md5 = |bytes: &[u8]| STANDARD.encode(Md5::digest(bytes));
    let mut call = |operation: &str, selection: &str, input: Value| {
        let query = format!("mutation {operation}($input: I!) {{ r: {selection} }}");
        let variables = json!({"input": input});
        client.graphql(&query, &variables).unwrap().1["data"]["r"].clone()
    };
    let digests = format!(
        "wandb-artifact-manifest-v1\na.txt:{}\nb.bin:{}\n",
        md5(&small),
        md5(&large)
    );
    let created = call(
        "CreateArtifact",
        "createArtifact(input: $input) { artifact { id state artifactSequence { latestArtifact { id } } } }",
        json!({"projectName": "my project", "runName": "r1", "artifactTypeName": "dataset",
               "artifactCollectionName": "ds", "clientID": "c1", "aliases": [{"alias": "latest"}],
               "digest": artifact_files::hex(&Md5::digest(digests))}),
    );
    let id = created["artifact"]["id"].clone();
    assert_eq!(created["artifact"]["state"], "PENDING");
    let select = "createArtifactManifest(input: $input) { artifactManifest { id file { uploadUrl uploadHeaders } } }";
    let draft = call("CreateArtifactManifest", select, json!({"artifactID": id}));
    let manifest_id = draft["artifactManifest"]["id"].clone();
    let half = large.len() / 2;
    let parts: Vec<Value> = [&large[..half], &large[half..]]
        .iter()
        .zip(1..)
        .map(
            |(part, n)| json!({"partNumber": n, "hexMD5": artifact_files::hex(&Md5::digest(part))}),
        )
        .collect();
    let file = |name: &str, bytes: &[u8], parts: Value| {
        json!({"artifactID": id, "artifactManifestID": manifest_id, "name": name,
               "md5": md5(bytes), "uploadPartsInput": parts})
    };
    let files = call(
        "CreateArtifactFiles",
        "createArtifactFiles(input: $input) { files { edges { node { storagePath uploadUrl uploadHeaders
            uploadMultipartUrls { uploadID uploadUrlParts { partNumber uploadUrl } } artifact { id } } } } }",
        json!({"artifactFiles": [file("a.txt", &small, Value::Null), file("b.bin", &large, json!(parts))]}),
    );
    let node = |n: usize| &files["files"]["edges"][n]["node"];
    let put = |url: &Value, bytes: &[u8]| {
        let path = url.as_str().unwrap().strip_prefix(&server.url()).unwrap();
        let headers = format!(
            "Content-MD5: {}\r\nContent-Type: application/json\r\n",
            md5(bytes)
        );
        let mut storage = Client::new(&server);
        storage.send("PUT", path, &headers, bytes);
        let (status, head, _) = storage.receive().unwrap();
        assert_eq!(status, 200);
        head.lines()
            .find_map(|line| line.strip_prefix("ETag: "))
            .map(str::to_owned)
    };
    put(&node(0)["uploadUrl"], &small);
    let multipart = &node(1)["uploadMultipartUrls"];
    let mut completed = Vec::new();
    for (n, part) in [&large[..half], &large[half..]].iter().enumerate() {
        let tag = put(&multipart["uploadUrlParts"][n]["uploadUrl"], part).unwrap();
        completed.push(json!({"partNumber": n + 1, "hexMD5": tag}));
    }
    let done = call(
        "CompleteMultipartUploadArtifact",
        "completeMultipartUploadArtifact(input: $input) { digest }",
        json!({"artifactID": id, "storagePath": node(1)["storagePath"], "completedParts": completed,
               "uploadID": multipart["uploadID"], "completeMultipartAction": "Complete"}),
    );
    assert_eq!(done["digest"], md5(&large));
    let manifest = json!({"version": 1, "contents": {
        "a.txt": {"digest": md5(&small), "size": small.len()},
        "b.bin": {"digest": md5(&large), "size": large.len(), "birthArtifactID": id},
    }})
    .to_string();
    let input =
        json!({"artifactID": id, "digest": md5(manifest.as_bytes()), "includeUpload": true});
    let last = call("CreateArtifactManifest", select, input);
    put(
        &last["artifactManifest"]["file"]["uploadUrl"],
        manifest.as_bytes(),
    );
    for _ in 0..2 {
        let select = "commitArtifact(input: $input) { artifact { id digest } }";
        let committed = call("CommitArtifact", select, json!({"artifactID": id}));
        assert_eq!(committed["artifact"]["id"], id);
    }

    let again = call(
        "CreateArtifact",
        "createArtifact(input: $input) { artifact { state artifactSequence { latestArtifact { id } } } }",
        json!({"projectName": "my project", "runName": "r1", "artifactTypeName": "dataset",
               "artifactCollectionName": "ds", "clientID": "c2", "digest": run_artifact_digest(&server)}),
    );
    let expected =
        json!({"state": "COMMITTED", "artifactSequence": {"latestArtifact": {"id": id}}});
    assert_eq!(again["artifact"], expected);
    let input =
        json!({"artifactID": id, "projectName": "my project", "runName": "r1", "usedAs": "in"});
    let select = "useArtifact(input: $input) { artifact { digest } }";
    call("UseArtifact", select, input.clone());
    call("UseArtifact", select, input);
    let input = json!({"artifactID": id, "projectName": "my project", "artifactPortfolioName": "p",
                       "aliases": [{"alias": "best"}]});
    call(
        "LinkArtifact",
        "linkArtifact(input: $input) { versionIndex }",
        input,
    );

    let run = the_run(&server);
    let used = UsedArtifact {
        id: id.as_str().unwrap().to_owned(),
        name: "ds:v0".to_owned(),
        used_as: Some("in".to_owned()),
    };
    assert_eq!(run.used_artifacts, [used]);
    let artifact = run.artifact("ds");
    let link = ("fake-user/my project/p".to_owned(), vec!["best".to_owned()]);
    assert_eq!(artifact.links, [link]);
    assert!(artifact.committed);
    assert_eq!(
        (artifact.version, &artifact.aliases[..]),
        (Some(0), &["latest".to_owned()][..])
    );
    assert_eq!(artifact.files["b.bin"], large);
    assert_eq!(artifact.manifest["version"], 1);
}

#[test]
fn an_artifact_whose_bytes_are_missing_is_not_committed() {
    let server = FakeWandb::start();
    server.allow_violations();
    let mut client = Client::new(&server);
    client.upsert();
    let create =
        "mutation CreateArtifact($input: I!) { createArtifact(input: $input) { artifact { id } } }";
    let input = json!({"projectName": "my project", "runName": "r1", "artifactTypeName": "dataset",
                       "artifactCollectionName": "ds", "clientID": "c1", "digest": "d"});
    let (_, answer) = client.graphql(create, &json!({"input": input})).unwrap();
    let id = &answer["data"]["createArtifact"]["artifact"]["id"];
    let commit = "mutation CommitArtifact($id: ID!) { commitArtifact(input: {artifactID: $id}) { artifact { id } } }";
    let (_, answer) = client
        .graphql(commit, &json!({"artifactID": id, "id": id}))
        .unwrap();
    let message = &answer["errors"][0]["message"];
    assert_eq!(message, "its manifest was not sent");
    assert!(!the_run(&server).artifact("ds").committed);
    assert_eq!(server.violations().len(), 1);
}

#[test]
fn alerts_are_kept_and_lines_over_the_cap_are_noted() {
    let server = FakeWandb::start();
    server.allow_violations();
    let mut client = Client::new(&server);
    client.upsert();
    let alert = "mutation NotifyScriptableRunAlert($p: String!, $projectName: String, $runName: String!,
        $title: String!, $text: String!, $severity: AlertSeverity = INFO, $waitDuration: Duration) {
        notifyScriptableRunAlert(input: {entityName: $p, projectName: $projectName, runName: $runName, title: $title,
            text: $text, severity: $severity, waitDuration: $waitDuration}) { success } }";
    let variables = json!({"p": "x", "projectName": "my project", "runName": "r1", "title": "t", "text": "x",
                           "severity": "WARN", "waitDuration": 60_000});
    let (_, answer) = client.graphql(alert, &variables).unwrap();
    assert_eq!(answer["data"]["notifyScriptableRunAlert"]["success"], true);
    let expected = Alert {
        title: "t".to_owned(),
        text: "x".to_owned(),
        severity: Some("WARN".to_owned()),
        wait_ms: Some(60_000),
    };
    assert_eq!(the_run(&server).alerts, [expected]);

    let line = |length: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(length - 8));
    client.stream(&lines(0, &[&line(MAX_LINE_BYTES)])).unwrap();
    assert_eq!(server.violations().len(), 0);
    client
        .stream(&lines(1, &[&line(MAX_LINE_BYTES + 1)]))
        .unwrap();
    let half = line(MAX_REQUEST_BYTES / 2 + 1);
    client.stream(&lines(2, &[&half, &half])).unwrap();
    assert_eq!(server.violations().len(), 2);
}
