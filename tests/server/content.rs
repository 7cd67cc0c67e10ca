//! Content of files and artifacts: what somebody has stays, whatever others do.

use serde_json::{Value, json};

use super::TestServer;
use crate::common::TestEnv;

/// MD5 of the content, base64 and hexadecimal.
const PRECIOUS: (&str, &str, &str) = (
    "precious data",
    "v+Au7s9RemcqJdvmcLdaUg==",
    "bfe02eeecf517a672a25dbe670b75a52",
);

fn put_file(server: &TestServer, run: &str, name: &str, content: &str) {
    let data = server.query(
        "mutation M($r: String!, $f: [String!]!) { createRunFiles(input: {projectName: \"p\", runName: $r, files: $f}) { files { uploadUrl } } }",
        &json!({"r": run, "f": [name]}),
    );
    let url = data["createRunFiles"]["files"][0]["uploadUrl"]
        .as_str()
        .unwrap();
    let answer = server
        .client
        .put(url)
        .body(content.to_owned())
        .send()
        .unwrap();
    assert_eq!(answer.status(), 200);
}

fn file(server: &TestServer, run: &str, name: &str) -> (u16, String) {
    let path = format!("/-/api/p/{}/p/runs/{run}/files/{name}", server.user());
    let answer = server.get(&path).bearer_auth(&server.key).send().unwrap();
    (answer.status().as_u16(), answer.text().unwrap())
}

fn make_artifact(server: &TestServer, name: &str) -> Value {
    let data = server.query(
        "mutation M($i: CreateArtifactInput!) { createArtifact(input: $i) { artifact { id state } } }",
        &json!({"i": {"entityName": server.user(), "projectName": "p", "artifactTypeName": "t",
            "artifactCollectionName": name, "digest": name, "aliases": []}}),
    );
    data["createArtifact"]["artifact"]["id"].clone()
}

fn ask_for_file(server: &TestServer, artifact: &Value, md5: &str, parts: &Value) -> Value {
    let data = server.query(
        "mutation M($i: CreateArtifactFilesInput!) { createArtifactFiles(input: $i) { files { edges { node { uploadUrl storagePath uploadMultipartUrls { uploadID uploadUrlParts { uploadUrl } } } } } } }",
        &json!({"i": {"artifactFiles": [{"artifactID": artifact, "name": "a", "md5": md5, "uploadPartsInput": parts}]}}),
    );
    data["createArtifactFiles"]["files"]["edges"][0]["node"].clone()
}

#[test]
fn parts_that_are_another_file_take_nothing_away() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    server.make_run("p", "r");
    put_file(&server, "r", "precious.txt", PRECIOUS.0);
    let artifact = make_artifact(&server, "a");
    let node = ask_for_file(
        &server,
        &artifact,
        "AAAAAAAAAAAAAAAAAAAAAA==",
        &json!([{"partNumber": 1, "hexMD5": "x"}]),
    );
    let multipart = &node["uploadMultipartUrls"];
    let url = multipart["uploadUrlParts"][0]["uploadUrl"]
        .as_str()
        .unwrap();
    assert_eq!(
        server
            .client
            .put(url)
            .body(PRECIOUS.0)
            .send()
            .unwrap()
            .status(),
        200
    );
    let done = server.ask(
        "mutation M($u: String, $s: String, $a: ID!) { completeMultipartUploadArtifact(input: {uploadID: $u, storagePath: $s, artifactID: $a}) { digest } }",
        &json!({"u": multipart["uploadID"], "s": node["storagePath"], "a": artifact}),
    );
    assert_eq!(done.status(), 400);
    assert_eq!(
        file(&server, "r", "precious.txt"),
        (200, PRECIOUS.0.to_owned())
    );
}

#[test]
fn what_an_artifact_was_told_to_be_here_stays_until_it_is_committed() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    server.make_run("p", "r");
    put_file(&server, "r", "x", PRECIOUS.0);
    let artifact = make_artifact(&server, "a");
    let node = ask_for_file(&server, &artifact, PRECIOUS.1, &Value::Null);
    assert!(node["uploadUrl"].is_null(), "{node}");
    // The only one who had it has something else now.
    put_file(&server, "r", "x", "other");
    let data = server.query(
        "mutation M($a: ID!) { createArtifactManifest(input: {artifactID: $a, includeUpload: true, type: \"FULL\"}) { artifactManifest { file { uploadUrl } } } }",
        &json!({"a": artifact}),
    );
    let url = data["createArtifactManifest"]["artifactManifest"]["file"]["uploadUrl"]
        .as_str()
        .unwrap()
        .to_owned();
    let commit = "mutation M($a: ID!) { commitArtifact(input: {artifactID: $a}) { artifact { id state fileCount } } }";
    let early = server.ask(commit, &json!({"a": artifact}));
    assert_eq!(early.status(), 400, "without a manifest");
    let manifest =
        json!({"version": 1, "contents": {"a": {"digest": PRECIOUS.1, "size": 13}}}).to_string();
    assert_eq!(
        server
            .client
            .put(&url)
            .body(manifest)
            .send()
            .unwrap()
            .status(),
        200
    );
    let data = server.query(commit, &json!({"a": artifact}));
    assert_eq!(
        data["commitArtifact"]["artifact"],
        json!({"id": artifact, "state": "COMMITTED", "fileCount": 1})
    );
    // From now on its manifest is what it is.
    assert_eq!(
        server.client.put(&url).body("{}").send().unwrap().status(),
        404
    );
    let path = format!("/artifactsV2/r/e/p/c/a/{}/a", PRECIOUS.2);
    let answer = server
        .get(&path)
        .basic_auth("api", Some(&server.key))
        .send()
        .unwrap();
    assert_eq!(answer.text().unwrap(), PRECIOUS.0);
}

#[test]
fn a_number_that_was_given_out_never_means_another_thing() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    let make = |name: &str| {
        let data = server.query(
            "mutation M($n: String!) { upsertModel(input: {name: $n}) { project { id } } }",
            &json!({"n": name}),
        );
        data["upsertModel"]["project"]["id"].clone()
    };
    let delete = "mutation M($i: ID!) { deleteModel(input: {id: $i}) { success } }";
    let first = make("first");
    server.query(delete, &json!({"i": first}));
    make("second");
    // The answer was lost, and the client asks again.
    server.query(delete, &json!({"i": first}));
    let projects = server.page("/projects");
    assert_eq!(projects["projects"][0]["name"], "second");
}

#[test]
fn content_goes_with_the_last_who_had_it() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    let ids = ["r1", "r2"].map(|run| {
        let id = server.make_run("p", run);
        put_file(&server, run, "x", PRECIOUS.0);
        id
    });
    let blob = env.path(&format!(
        "server/blobs/{}/{}",
        &PRECIOUS.2[..2],
        &PRECIOUS.2[2..]
    ));
    let delete = "mutation M($i: ID!) { deleteRun(input: {id: $i}) { clientMutationId } }";
    server.query(delete, &json!({"i": ids[0]}));
    assert!(blob.exists());
    assert_eq!(file(&server, "r2", "x").0, 200);
    server.query(delete, &json!({"i": ids[1]}));
    assert!(!blob.exists());
}

#[test]
fn a_fork_of_a_run_that_is_not_there_is_refused_each_time() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    server.make_run("p", "other");
    let fork = |parent: &str| {
        let config = json!({"_wandb": {"value": {"branch_point": {"run_id": parent, "step": 1}}}})
            .to_string();
        server.ask(
            "mutation M($c: JSONString) { upsertBucket(input: {name: \"f\", modelName: \"p\", config: $c}) { bucket { historyLineCount } } }",
            &json!({"c": config}),
        )
    };
    for _ in 0..2 {
        assert_eq!(fork("none").status(), 404);
    }
    let lines: Vec<String> = (0..5).map(|step| format!("{{\"_step\":{step}}}")).collect();
    let body = json!({"files": {"wandb-history.jsonl": {"offset": 0, "content": lines}}});
    server.stream("p", "other", &body).unwrap();
    let made: Value = fork("other").json().unwrap();
    assert_eq!(
        made["data"]["upsertBucket"]["bucket"]["historyLineCount"],
        2
    );
    assert_eq!(server.rows("p", "f").len(), 2);
}

#[test]
fn lines_beyond_the_end_are_none() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    server.make_run("p", "r");
    let body = json!({"files": {"output.log": {"offset": 0, "content": ["{\"content\":\"a\"}"]}}});
    server.stream("p", "r", &body).unwrap();
    for first in ["1", "9223372036854775808", "18446744073709551615"] {
        let logs = server.page(&format!(
            "/p/{}/p/runs/r/logs?first={first}&limit=10",
            server.user()
        ));
        assert_eq!(
            (&logs["total"], &logs["lines"]),
            (&json!(1), &json!([])),
            "{first}"
        );
    }
}
