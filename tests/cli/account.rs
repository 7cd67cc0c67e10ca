//! Keys and settings: what is stored where, for whose eyes, and what is told about it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use crate::common::terminal::Terminal;
use crate::common::{Finished, TestEnv, feed, finish, start, wait, wait_status};

const KEY: &str = "k3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3y0";
const OTHER: &str = "0therkey0therkey0therkey0therkey0therkey0th";
const VIEWER: &str = r#"{"data":{"viewer":{"id":"1","entity":"vision","username":"me","email":null,"flags":null,"teams":{"edges":[{"node":{"name":"me"}},{"node":{"name":"vision"}}]}}}}"#;

/// A server that gives one answer to everything, except to the question for projects.
struct Stub {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    fn start(status: &'static str, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        std::thread::spawn({
            let requests = Arc::clone(&requests);
            move || {
                for stream in listener.incoming() {
                    let mut stream = stream.unwrap();
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    let mut request = String::new();
                    let mut length = 0;
                    loop {
                        let mut line = String::new();
                        if reader.read_line(&mut line).unwrap() <= 2 {
                            break;
                        }
                        let lower = line.to_ascii_lowercase();
                        if let Some(value) = lower.strip_prefix("content-length:") {
                            length = value.trim().parse().unwrap();
                        }
                        request.push_str(&line);
                    }
                    let mut body_sent = vec![0; length];
                    reader.read_exact(&mut body_sent).unwrap();
                    request.push_str(&String::from_utf8_lossy(&body_sent));
                    let body = if request.contains("GetProjects") {
                        r#"{"data":{"models":{"edges":[{"node":{"name":"cats"}}]}}}"#
                    } else if request.starts_with("POST /oidc/token ") {
                        r#"{"access_token":"access-canary","token_type":"Bearer","expires_in":3600}"#
                    } else {
                        body
                    };
                    requests.lock().unwrap().push(request);
                    let answer = format!(
                        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    stream.write_all(answer.as_bytes()).unwrap();
                }
            }
        });
        Self { url, requests }
    }

    fn machine(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }
}

fn home(env: &TestEnv) -> PathBuf {
    env.work().with_file_name("home")
}

fn netrc(env: &TestEnv) -> PathBuf {
    home(env).join(".netrc")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn block(machine: &str, key: &str) -> String {
    format!("machine {machine}\n  login user\n  password {key}\n")
}

/// Runs a command with a key in a pipe; nothing that it prints may hold the key.
fn pipe(env: &TestEnv, arguments: &[&str], key: &str) -> Finished {
    let mut child = start(env.wandb_rs(arguments));
    feed(&mut child, key);
    drop(child.stdin.take());
    let done = wait(child);
    assert!(
        key.trim().is_empty() || !format!("{done:?}").contains(key.trim()),
        "the key is shown: {done:?}"
    );
    done
}

#[test]
fn a_key_is_checked_then_stored() {
    let env = TestEnv::new();
    let stub = Stub::start("200 OK", VIEWER);
    let done = pipe(&env, &["login", "--host", &stub.url], &format!("{KEY}\n"));
    assert_eq!(done.code(), 0, "{done:?}");
    let at = home(&env);
    assert_eq!(
        done.stderr,
        format!(
            "wandb: No netrc file found, creating one.\n\
             wandb: Appending key for {} to your netrc file: {}\n\
             wandb: Currently logged in as: me (vision) to {}. Use `wandb-rs login --relogin` to force relogin\n\
             wandb: Updated settings file {}\n",
            stub.machine(),
            netrc(&env).display(),
            stub.url,
            at.join(".config/wandb/settings").display(),
        )
    );
    assert_eq!(
        fs::read_to_string(netrc(&env)).unwrap(),
        block(stub.machine(), KEY)
    );
    assert_eq!(
        fs::read_to_string(at.join(".config/wandb/settings")).unwrap(),
        format!("[default]\nbase_url = {}\n", stub.url)
    );
    let requests = stub.requests.lock().unwrap().clone();
    assert_eq!(requests.len(), 1);
    let request = requests[0].to_ascii_lowercase();
    assert!(
        request.starts_with("post /graphql http/1.1\r\n"),
        "{request}"
    );
    // base64("api:k3y…")
    assert!(request.contains("authorization: basic "), "{request}");
    // The key that is there is checked again, without another one being asked for.
    let again = env.run(["login"]);
    assert_eq!(again.code(), 0, "{again:?}");
    assert_eq!(
        again.stderr.lines().next().unwrap(),
        format!(
            "wandb: Loaded credentials for {} from {}.",
            stub.url,
            netrc(&env).display()
        )
    );
    // Back to the cloud, where there is no key.
    let cloud = env.run(["login", "--cloud", "--no-verify"]);
    assert_eq!(cloud.code(), 1, "{cloud:?}");
}

#[test]
fn a_key_that_the_server_does_not_know_is_not_stored() {
    for (status, body, message) in [
        (
            "401 Unauthorized",
            r#"{"errors":[{"message":"user is not logged in"}]}"#,
            "HTTP 401: user is not logged in",
        ),
        (
            "200 OK",
            r#"{"data":{"viewer":null}}"#,
            "invalid credentials: the server did not recognize an account for the configured credentials",
        ),
        (
            "400 Bad Request",
            r#"{"error":"no such key: k3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3y0"}"#,
            "HTTP 400: no such key: …",
        ),
    ] {
        let env = TestEnv::new();
        let stub = Stub::start(status, body);
        let done = pipe(&env, &["login", "--host", &stub.url], KEY);
        assert_eq!(done.code(), 1);
        assert_eq!(
            done.stderr,
            format!(
                "wandb-rs: Failed to authenticate with {}: {message}\nhint: `--no-verify` stores a key without asking the server about it\n",
                stub.url
            )
        );
        assert!(!netrc(&env).exists() && !home(&env).join(".config").exists());
    }
}

#[test]
fn an_identity_token_is_exchanged_once_and_kept_for_the_next_process() {
    let stub = Stub::start("200 OK", VIEWER);
    let mut env = TestEnv::new();
    let token = env.write("token.jwt", "head.canary.sign\n");
    env.set("WANDB_BASE_URL", stub.url.clone())
        .set("WANDB_IDENTITY_TOKEN_FILE", token.to_string_lossy());
    for _ in 0..2 {
        let done = env.run(["login"]);
        assert_eq!(done.code(), 0, "{done:?}");
        assert!(
            done.stderr.contains("from WANDB_IDENTITY_TOKEN_FILE")
                && !done.stderr.contains("canary"),
            "{done:?}"
        );
    }
    let requests = stub.requests.lock().unwrap();
    let exchanges: Vec<&String> = requests
        .iter()
        .filter(|request| request.starts_with("POST /oidc/token "))
        .collect();
    assert_eq!(exchanges.len(), 1, "{requests:?}");
    assert!(
        exchanges[0].ends_with(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=head.canary.sign"
        ),
        "{}",
        exchanges[0]
    );
    let questions = requests
        .iter()
        .filter(|request| request.contains("authorization: Bearer access-canary"));
    assert_eq!(questions.count(), 2, "{requests:?}");
    let kept = home(&env).join(".config/wandb/credentials.json");
    assert_eq!(mode(&kept), 0o600);
    let kept = fs::read_to_string(kept).unwrap();
    assert!(kept.contains(&stub.url) && kept.contains("access-canary"));
}

#[test]
fn files_are_private_whatever_the_umask() {
    let env = TestEnv::new();
    env.write("key.txt", KEY);
    let script =
        "umask 000; \"$0\" login --no-verify --host http://localhost:1 < key.txt && \"$0\" offline";
    let mut shell = env.program("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_wandb-rs")]);
    assert_eq!(finish(shell).code(), 0);
    for path in [
        netrc(&env),
        home(&env).join(".config/wandb/settings"),
        env.path("wandb/settings"),
    ] {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    assert_eq!(fs::read_dir(home(&env)).unwrap().count(), 2);
}

#[test]
fn a_netrc_file_keeps_its_mode_its_links_and_its_other_entries() {
    let env = TestEnv::new();
    let real = env.write(
        "dotfiles/netrc",
        &format!("# mine\nmachine a login b password c\nmachine localhost:1\n  password {OTHER}\ndefault password d"),
    );
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("../work/dotfiles/netrc", netrc(&env)).unwrap();
    let host = ["--host", "http://localhost:1"];
    let done = pipe(&env, &["login", "--no-verify", host[0], host[1]], KEY);
    assert_eq!(done.code(), 0, "{done:?}");
    assert!(!done.stderr.contains(OTHER));
    assert!(done.stderr.contains("`chmod 600`"), "{done:?}");
    let kept = "# mine\nmachine a login b password c\ndefault password d\n";
    assert_eq!(
        fs::read_to_string(&real).unwrap(),
        format!("{kept}{}", block("localhost:1", KEY))
    );
    assert_eq!(mode(&real), 0o640);
    assert!(netrc(&env).is_symlink());
    assert_eq!(fs::read_dir(env.path("dotfiles")).unwrap().count(), 1);
    // Away again.
    let done = env.run(["logout"]);
    assert_eq!(done.code(), 0);
    assert_eq!(fs::read_to_string(&real).unwrap(), kept);
    // The entry `default` holds for every host, as the official client has it.
    let warning = "API key must have 40+ characters, has 1.";
    assert!(done.stderr.ends_with(&format!("{warning}\n")), "{done:?}");
}

#[test]
fn a_netrc_file_with_a_mistake_or_of_another_character_set_is_not_harmed() {
    let env = TestEnv::new();
    let bytes = b"# caf\xe9\nmachine a\n  passwort b\n";
    fs::write(netrc(&env), bytes).unwrap();
    let login = ["login", "--no-verify", "--host", "http://localhost:1"];
    let done = pipe(&env, &login, KEY);
    assert_eq!(done.code(), 0, "{done:?}");
    assert!(
        done.stderr.contains("until it is mended: error on line 3"),
        "{done:?}"
    );
    let written = fs::read(netrc(&env)).unwrap();
    assert_eq!(
        written,
        [bytes, block("localhost:1", KEY).as_bytes()].concat()
    );
    fs::remove_file(netrc(&env)).unwrap();
    fs::create_dir(netrc(&env)).unwrap();
    let done = pipe(&env, &login, KEY);
    assert_eq!(done.code(), 1);
    assert!(done.stderr.contains("cannot be read"), "{done:?}");
}

#[test]
fn bad_keys_are_refused_without_being_shown() {
    let env = TestEnv::new();
    for (key, message) in [
        ("shortkey", "API key must have 40+ characters, has 8."),
        (
            "spaced key of more than 40 characters, which no key is",
            "API key may only contain the letters A-Z, digits and underscores.",
        ),
    ] {
        let done = pipe(&env, &["login", "--no-verify"], key);
        assert_eq!(
            (done.code(), done.stderr.as_str()),
            (1, format!("wandb-rs: {message}\n").as_str())
        );
    }
    let two = env.run(["login", KEY, OTHER]);
    assert_eq!(two.code(), 2);
    assert!(!two.stderr.contains(OTHER) && !two.stderr.contains(KEY));
    let none = pipe(&env, &["login"], "\n");
    assert_eq!(none.code(), 1);
    assert!(none.stderr.contains("wandb-rs login < key.txt"), "{none:?}");
    let shown = env.run(["login", "--no-verify", KEY]);
    assert_eq!(shown.code(), 0);
    assert!(!shown.stderr.contains(KEY));
    assert!(shown.stderr.contains("WARNING a key on the command line"));
    assert_eq!(env.run(["login", "--host", "x", "--cloud"]).code(), 2);
    assert_eq!(env.run(["login", "--host", "x", KEY]).code(), 2);
}

#[test]
fn at_a_terminal_the_key_is_asked_for_and_not_shown() {
    let env = TestEnv::new();
    let mut shell = env.program("sh");
    let script = "\"$0\" login --no-verify; echo code $?; stty -a";
    shell.args(["-c", script, env!("CARGO_BIN_EXE_wandb-rs")]);
    let mut terminal = Terminal::start(shell);
    terminal
        .expect("Create a new API key at: https://forge.coreweave.com/wandb/authorize?ref=models");
    terminal.expect("Paste your API key and hit enter: ");
    terminal.press("tooshort\r");
    terminal.expect("Invalid API key: API key must have 40+ characters, has 8.");
    terminal.press(&format!("{KEY}\r"));
    terminal.expect("code 0");
    terminal.expect(" echo ");
    let screen = terminal.screen();
    assert!(
        !screen.contains(KEY) && !screen.contains("tooshort"),
        "{screen}"
    );
    assert!(
        !screen.contains("-isig") && !screen.contains("eol = ^C"),
        "{screen}"
    );
    wait_status(&mut terminal.child);
    assert_eq!(
        fs::read_to_string(netrc(&env)).unwrap(),
        block("api.forge.coreweave.com", KEY)
    );
}

#[test]
fn ctrl_c_ends_the_question_and_gives_the_terminal_back() {
    let env = TestEnv::new();
    let mut terminal = Terminal::start(env.wandb_rs(["login"]));
    terminal.expect("Paste your API key and hit enter: ");
    terminal.press("abc\u{3}");
    assert_eq!(wait_status(&mut terminal.child).signal(), Some(2));
    assert!(!netrc(&env).exists());
}

#[test]
fn the_better_place_of_a_key_wins_and_is_told() {
    let mut env = TestEnv::new();
    let login = |env: &TestEnv| {
        let done = env.run(["status", "--json"]);
        assert_eq!(done.code(), 0, "{done:?}");
        assert!(!done.stdout.contains(KEY));
        let status: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
        let login = &status["login"];
        let text = |name: &str| login[name].as_str().map(str::to_owned);
        (text("source"), text("error"))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(login(&env), (None, None));
    env.write("wandb/settings", &format!("[default]\napi_key = {KEY}\n"));
    assert_eq!(login(&env), (some("settings"), None));
    fs::write(netrc(&env), block("api.wandb.ai", KEY)).unwrap();
    let path = netrc(&env).display().to_string();
    assert_eq!(login(&env), (Some(path), None));
    env.set("WANDB_API_KEY", KEY);
    assert_eq!(login(&env), (some("WANDB_API_KEY"), None));
    let stored = pipe(&env, &["login", "--no-verify"], OTHER);
    assert!(
        stored.stderr.contains("WANDB_API_KEY is set, and wins"),
        "{stored:?}"
    );
    env.set("WANDB_API_KEY", format!("{KEY} "));
    assert_eq!(
        login(&env),
        (
            None,
            some("WANDB_API_KEY: API key cannot start or end with whitespace")
        )
    );
    env.set("WANDB_API_KEY", KEY);
    env.set("WANDB_IDENTITY_TOKEN_FILE", "token");
    assert_eq!(login(&env).0, None);
    env.set("WANDB_API_KEY", "");
    assert_eq!(login(&env), (some("WANDB_IDENTITY_TOKEN_FILE"), None));
}

#[test]
fn status_tells_what_holds_and_why() {
    let mut env = TestEnv::new();
    env.write(
        "wandb/settings",
        "[default]\nproject = cats\nmode = disabled\n",
    );
    env.set("WANDB_ENTITY", "me");
    env.set("WANDB_HTTPS_PROXY", "http://me:secretive@proxy");
    let done = env.run(["status"]);
    let work = env.work();
    let work = work.display();
    assert_eq!(
        done.stdout,
        format!(
            "Current Settings\n{{\n  \"base_url\": \"https://api.forge.coreweave.com\",\n  \"entity\": \"me\",\n  \
             \"git_remote\": \"origin\",\n  \"ignore_globs\": [],\n  \"organization\": null,\n  \"project\": \"cats\",\n  \
             \"root_dir\": \"{work}\"\n}}\n\
             Login\n  https://api.forge.coreweave.com: not logged in\n\
             Mode\n  disabled, from {work}/wandb/settings: mode\n\
             Where settings come from\n  \
             entity       WANDB_ENTITY\n  \
             https_proxy  WANDB_HTTPS_PROXY\n  \
             mode         {work}/wandb/settings: mode\n  \
             project      {work}/wandb/settings: project\n"
        )
    );
    env.set("WANDB_BASE_URL", "https://wandb.ai");
    let done = env.run(["status"]);
    assert_eq!(
        (done.code(), done.stderr.as_str()),
        (
            1,
            "wandb-rs: WANDB_BASE_URL: \"https://wandb.ai\" is not a valid server address, did you mean https://api.forge.coreweave.com?\n"
        )
    );
}

#[test]
fn the_mode_of_a_directory_is_switched() {
    let mut env = TestEnv::new();
    let file = env.write("wandb/settings", "[default]\n# mine\nproject = cats\n");
    let rest = "[default]\n# mine\nproject = cats\n";
    for (command, line, told) in [
        (
            "offline",
            "mode = offline\n",
            "W&B offline. Running your script from this directory will only write metadata locally. Use `wandb-rs disabled` to completely turn off W&B.\n",
        ),
        (
            "online",
            "",
            "W&B online. Running your script from this directory will now sync to the cloud.\n",
        ),
        ("disabled", "mode = disabled\n", "W&B disabled.\n"),
        ("enabled", "mode = online\n", "W&B enabled.\n"),
    ] {
        for again in [false, true] {
            let done = env.run([command]);
            assert_eq!((done.code(), done.stdout.as_str()), (0, told));
            let updated = format!("wandb: Updated settings file {}\n", file.display());
            assert_eq!(done.stderr, if again { "" } else { &updated });
            assert_eq!(fs::read_to_string(&file).unwrap(), format!("{rest}{line}"));
        }
    }
    env.set("WANDB_MODE", "offline");
    assert_eq!(
        env.run(["enabled"]).stderr,
        "wandb: WARNING the mode is still offline, from WANDB_MODE\n"
    );
    fs::write(&file, "what is this").unwrap();
    let done = env.run(["offline"]);
    assert_eq!(done.code(), 1);
    assert!(
        done.stderr.contains("cannot be changed: line 1"),
        "{done:?}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "what is this");
}

#[test]
fn init_sets_what_is_given() {
    let env = TestEnv::new();
    let done = env.run(["init", "-p", "cats", "-e", "vision", "-m", "offline"]);
    assert_eq!(done.code(), 0, "{done:?}");
    let settings = || fs::read_to_string(env.path("wandb/settings")).unwrap();
    assert_eq!(
        settings(),
        "[default]\nproject = cats\nentity = vision\nmode = offline\n"
    );
    assert_eq!(env.run(["init", "--reset", "-p", "dogs"]).code(), 0);
    assert_eq!(settings(), "[default]\nproject = dogs\n");
    assert_eq!(env.run(["init", "-p", "a/b"]).code(), 2);
    assert_eq!(env.run(["init"]).code(), 2);
}

#[test]
fn init_asks_what_is_not_given() {
    let mut env = TestEnv::new();
    let stub = Stub::start("200 OK", VIEWER);
    env.set("WANDB_BASE_URL", &stub.url);
    fs::write(netrc(&env), block(stub.machine(), KEY)).unwrap();
    let mut terminal = Terminal::start(env.wandb_rs(["init"]));
    terminal.expect("Let's setup this directory for W&B!");
    terminal.expect("(2) vision");
    terminal.press("9\r");
    terminal.expect("Invalid choice");
    terminal.press("2\r");
    terminal.expect("You chose 'vision'");
    terminal.expect("(1) cats");
    terminal.press("2\r");
    terminal.expect("Enter a name for your new project: ");
    terminal.press("More Cats!\r");
    terminal.expect("This directory is configured!");
    assert_eq!(wait_status(&mut terminal.child).code(), Some(0));
    assert_eq!(
        fs::read_to_string(env.path("wandb/settings")).unwrap(),
        "[default]\nentity = vision\nproject = more-cats\n"
    );
    assert_eq!(
        fs::read_to_string(env.path("wandb/.gitignore")).unwrap(),
        "*\n!settings"
    );
    let mut terminal = Terminal::start(env.wandb_rs(["init"]));
    terminal.expect("should we re-configure it? [y/N]: ");
    terminal.press("\r");
    assert_eq!(wait_status(&mut terminal.child).code(), Some(1));
}

#[test]
fn a_pipe_that_says_nothing_is_told() {
    let env = TestEnv::new();
    let mut child = env
        .wandb_rs(["login", "--no-verify"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut line).unwrap();
    assert_eq!(line, "wandb: Waiting for an API key on stdin.\n");
    drop(child.stdin.take());
    assert_eq!(wait_status(&mut child).code(), Some(1));
}
