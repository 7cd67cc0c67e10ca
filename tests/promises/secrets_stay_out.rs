//! Promise 15, secrets stay out: keys, tokens and passwords are in no file, no message and no request but its header.

use std::fs;

use crate::common::fake::FakeWandb;
use crate::common::{TestEnv, walk};

#[test]
fn secrets_are_nowhere() {
    let server = FakeWandb::start();
    let mut env = TestEnv::new();
    server.configure(&mut env);
    let key = server.api_key();
    env.set("HF_TOKEN", "hf_canarycanarycanarycanary");
    env.write("train.py", "print('epoch=1, loss=0.5')\n");
    env.write("extra.yaml", "db_password: canary-yaml\nlr: 1\n");
    let done = env.run([
        "run",
        "--save-code",
        "--config-file",
        "extra.yaml",
        "-c",
        "api_key=canary-flag",
        "--",
        "python3",
        "train.py",
        "--password",
        "canary-argument",
        "--token=canary-equals",
        "secret=canary-hydra",
        "hf_canarycanarycanarycanary",
        key,
        "https://me:canary-url@example.com/x",
    ]);
    assert_eq!(done.code(), 0);
    let mut found = Vec::new();
    walk(&env.path("wandb"), &mut found);
    for path in found.iter().filter(|path| path.is_file()) {
        let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        assert!(
            !text.contains("canary") && !text.contains(key),
            "{} holds a secret",
            path.display()
        );
    }
    assert!(!done.stderr.contains("canary") && !done.stderr.contains(key));
    assert_eq!(server.only_run().state, "finished", "{done:?}");
    for request in server.requests() {
        // The key itself goes out in one header only, and encoded.
        assert!(
            !request.contains("canary") && !request.contains(key),
            "{request:?}"
        );
    }
    assert!(
        env.read_run()
            .config()
            .to_json()
            .contains(r#""password":"[redacted]""#)
    );
}
