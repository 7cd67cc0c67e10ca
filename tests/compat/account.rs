//! Keys, servers and modes that either client has stored are the other one's too.

use std::fs;
use std::path::Path;

use wandb_rs::settings::credentials::check_key;
use wandb_rs::settings::netrc;
use wandb_rs::settings::server::Server;

use crate::common::{Finished, TestEnv, feed, finish, peers, start, wait};

const KEY: &str = "k3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3y0";
const HOST: &str = "http://127.0.0.1:9";

fn python(env: &TestEnv, bin: &Path, script: &str) -> Finished {
    let mut command = env.program(bin.join("python"));
    command
        .args(["-c", script])
        .env("WANDB_ERROR_REPORTING", "false");
    let done = finish(command);
    assert_eq!(done.code(), 0, "{done:?}");
    done
}

fn login(env: &TestEnv) {
    let mut child = start(env.wandb_rs(["login", "--no-verify", "--host", HOST]));
    feed(&mut child, KEY);
    drop(child.stdin.take());
    let done = wait(child);
    assert_eq!(done.code(), 0, "{done:?}");
}

/// What the official client finds: the server that it uses, and the key for it.
const FOUND: &str = "import wandb\nfrom wandb.sdk.lib import wbauth\nfrom wandb.sdk import wandb_setup\n\
    s = wandb_setup.singleton().settings\nprint(s.base_url, wbauth.read_netrc_auth(host=s.base_url), s.mode)";

#[test]
fn the_official_client_finds_what_we_have_stored() {
    let Some(bin) = peers::bin() else { return };
    let env = TestEnv::new();
    login(&env);
    let found = python(&env, bin, FOUND);
    assert_eq!(found.stdout, format!("{HOST} {KEY} online\n"));
    let mut status = env.program(bin.join("wandb"));
    status.arg("status");
    let official = finish(status).stdout;
    let ours = env.run(["status"]).stdout;
    assert!(ours.starts_with(&official), "{official}\n{ours}");
    assert_eq!(env.run(["logout"]).code(), 0);
    let found = python(&env, bin, FOUND);
    assert_eq!(found.stdout, format!("{HOST} None online\n"));
}

#[test]
fn we_find_what_the_official_client_has_stored() {
    let Some(bin) = peers::bin() else { return };
    let env = TestEnv::new();
    let official = |arguments: &[&str]| {
        let mut command = env.program(bin.join("wandb"));
        command
            .args(arguments)
            .env("WANDB_ERROR_REPORTING", "false");
        let done = finish(command);
        assert_eq!(done.code(), 0, "{done:?}");
    };
    let status = || -> serde_json::Value {
        serde_json::from_str(&env.run(["status", "--json"]).stdout).unwrap()
    };
    let home = env.work().with_file_name("home");
    let netrc = home.join(".netrc");
    official(&["login", "--no-verify", "--host", HOST, KEY]);
    official(&["offline"]);
    let seen = status();
    assert_eq!(seen["login"]["server"], HOST);
    assert_eq!(seen["login"]["source"], netrc.display().to_string());
    assert_eq!(seen["mode"]["value"], "offline");
    // A key that we store takes the place of theirs, byte for byte.
    let theirs = fs::read(&netrc).unwrap();
    login(&env);
    assert_eq!(fs::read(&netrc).unwrap(), theirs);
    official(&["disabled"]);
    assert_eq!(status()["mode"]["value"], "disabled");
    official(&["init", "-p", "cats", "-e", "vision"]);
    assert_eq!(status()["settings"]["entity"], "vision");
}

#[test]
fn modes_that_we_set_hold_for_the_official_client() {
    let Some(bin) = peers::bin() else { return };
    let env = TestEnv::new();
    let script =
        "import wandb\nrun = wandb.init()\nprint(run.settings.mode, run.disabled)\nrun.finish()";
    for (command, told) in [
        ("offline", "offline False\n"),
        ("disabled", "disabled True\n"),
    ] {
        assert_eq!(env.run([command]).code(), 0);
        assert_eq!(python(&env, bin, script).stdout, told);
    }
    assert_eq!(env.run(["online"]).code(), 0);
    let mode = python(&env, bin, FOUND).stdout;
    assert!(mode.ends_with(" online\n"), "{mode}");
    let init = env.run(["init", "-p", "cats", "-e", "50%", "-m", "offline"]);
    assert_eq!(init.code(), 0);
    let settings = "from wandb.sdk import wandb_setup\ns = wandb_setup.singleton().settings\nprint(s.project, s.entity, s.mode)";
    assert_eq!(python(&env, bin, settings).stdout, "cats 50% offline\n");
}

#[test]
fn addresses_and_keys_are_judged_as_by_the_official_client() {
    let Some(bin) = peers::bin() else { return };
    let env = TestEnv::new();
    let addresses = [
        "https://api.wandb.ai",
        "https://api.wandb.ai/",
        "https://api.forge.coreweave.com",
        "https://forge.coreweave.com/api/wandb",
        "https://forge.coreweave.com/api/wandb/",
        "https://forge.coreweave.com",
        "http://forge.coreweave.com/api/wandb",
        "https://qa.forge.coreweave.com/api/wandb",
        "https://api.qa.wandb.ai",
        "https://wandb.ai",
        "https://app.wandb.ai",
        "http://api.wandb.ai",
        "https://api.wandb.acme.com",
        "https://api.acme.example.com",
        "https://api.wandb.test",
        "https://acme.wandb.io",
        "http://localhost:8080",
        "http://localhost:8080/prefix/",
        "http://[::1]:8080",
        "localhost:8080",
        "wandb.example.com",
        "ftp://wandb.example.com",
        "https://",
    ];
    let forty = "a".repeat(40);
    let keys = [
        String::new(),
        "short".to_owned(),
        forty.clone(),
        format!("local-{forty}"),
        format!("wandb_v1_{forty}"),
        format!("a-b-{forty}"),
        format!("local-{}", "a".repeat(39)),
        format!("{forty} "),
        format!("{forty}!"),
        "header.payload.signature".to_owned(),
        "header..signature".to_owned(),
        "a.b.c.d".to_owned(),
        "-".to_owned(),
    ];
    let script = format!(
        "import json\nfrom wandb.sdk.lib import wbauth\nfrom wandb.sdk.lib.wbauth import validation\n\
         def judged(url):\n    try:\n        host = wbauth.HostUrl(url)\n        return [host.url, host.app_url]\n    except ValueError:\n        return None\n\
         print(json.dumps([[judged(a) for a in json.loads({0:?})], [validation.check_api_key(k) for k in json.loads({1:?})]]))",
        serde_json::to_string(&addresses).unwrap(),
        serde_json::to_string(&keys).unwrap(),
    );
    let done = python(&env, bin, &script);
    let (official_addresses, official_keys): (Vec<Option<[String; 2]>>, Vec<Option<String>>) =
        serde_json::from_str(&done.stdout).unwrap();
    for (address, official) in addresses.iter().zip(official_addresses) {
        let ours = Server::new(address, None).ok();
        let ours = ours.map(|server| [server.base().to_owned(), server.app().to_owned()]);
        assert_eq!(ours, official, "{address}");
    }
    for (key, official) in keys.iter().zip(official_keys) {
        let ours = check_key(key).err();
        if key.trim() == key {
            assert_eq!(ours, official, "{key}");
        } else {
            // The official client says it in two ways, depending on where the key comes from.
            assert!(ours.is_some() && official.is_some(), "{key}");
        }
    }
}

#[test]
fn netrc_files_are_read_as_by_the_official_client() {
    let Some(bin) = peers::bin() else { return };
    let env = TestEnv::new();
    let files = [
        "machine a login u password p\nmachine b login v password q",
        "machine a\n  login u\n  password \"p q\"\n  account x\n",
        "# c\nmachine a # d\n login u\n password #p\n",
        "machine a password p\nmachine a password q\n",
        "default login u password p\nmachine b password q\n",
        "macdef m\n x\n\nmachine a user u password p\\ q\n",
        "machine a\n passwort p\n",
        "password p\n",
        "machine",
        "",
        &netrc::with_key("machine b password q", "a", "we need \"quotes\""),
        &netrc::with_key("macdef m\n x", "a", "#key"),
        &netrc::with_key("", "[::1]:80", "key"),
    ];
    let mut script = String::from(
        "import netrc, json, sys\ndef look(text):\n    open('f', 'w').write(text)\n    try:\n        n = netrc.netrc('f')\n    except netrc.NetrcParseError:\n        return None\n    return [(n.authenticators(m) or [None] * 3)[2] for m in ('a', 'b', '[::1]:80')]\n",
    );
    script.push_str(&format!(
        "print(json.dumps([look(t) for t in json.loads({:?})]))",
        serde_json::to_string(&files).unwrap()
    ));
    let done = python(&env, bin, &script);
    let official: Vec<Option<[Option<String>; 3]>> = serde_json::from_str(&done.stdout).unwrap();
    for (text, official) in files.iter().zip(official) {
        let ours = netrc::parse(text).ok().map(|entries| {
            ["a", "b", "[::1]:80"].map(|machine| {
                netrc::find(&entries, machine).map(|entry| entry.password.expose().to_owned())
            })
        });
        assert_eq!(ours, official, "{text}");
    }
}
