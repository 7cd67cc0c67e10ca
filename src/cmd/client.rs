//! Commands for scripts inside a run: they send one message to the run's socket and wait for the answer.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, socket};

use crate::cli::{
    AlertArgs, DefineMetricArgs, InfoArgs, Level, LogArgs, PairsArgs, PolicyArg, SaveArgs,
    SummaryArgs,
};
use crate::error::Error;
use crate::wire::json::Value;
use crate::wire::jsonl;

/// The variable that names the socket of the run.
pub const SOCKET: &str = "WANDB_RS_SOCKET";

/// How long a script waits for a run that does not answer: its own work goes first.
const PATIENCE: Duration = Duration::from_secs(30);

type Members = Vec<(String, Value)>;

fn member(key: &str, value: impl Into<Value>) -> (String, Value) {
    (key.to_owned(), value.into())
}

/// `wandb-rs log`.
pub fn log(args: &LogArgs) -> Result<(), Error> {
    let mut message = vec![member("log", Value::Map(pairs(&args.values)?))];
    if let Some(step) = args.step {
        message.push(member("step", Value::Int(step)));
    }
    if args.commit || args.no_commit {
        message.push(member("commit", Value::Bool(args.commit)));
    }
    send(vec![message]).map(|_| ())
}

/// `wandb-rs config`.
pub fn config(args: &PairsArgs) -> Result<(), Error> {
    send(vec![vec![member(
        "config",
        Value::Map(pairs(&args.values)?),
    )]])
    .map(|_| ())
}

/// `wandb-rs summary`.
pub fn summary(args: &SummaryArgs) -> Result<(), Error> {
    send(vec![vec![member(
        "summary",
        Value::Map(pairs(&args.values)?),
    )]])
    .map(|_| ())
}

/// `wandb-rs define-metric`.
pub fn define_metric(args: DefineMetricArgs) -> Result<(), Error> {
    let mut metric = vec![
        member("name", args.name),
        member("hidden", Value::Bool(args.hidden)),
    ];
    metric.extend(args.step_metric.map(|name| member("step_metric", name)));
    metric.extend(args.summary.map(|words| member("summary", words)));
    send(vec![vec![member("define_metric", Value::Map(metric))]]).map(|_| ())
}

/// `wandb-rs alert`.
pub fn alert(args: AlertArgs) -> Result<(), Error> {
    let level = match args.level {
        Level::Info => "INFO",
        Level::Warn => "WARN",
        Level::Error => "ERROR",
    };
    let alert = vec![
        member("title", args.title),
        member("text", args.text),
        member("level", level),
        member("wait_duration", Value::Float(args.wait)),
    ];
    send(vec![vec![member("alert", Value::Map(alert))]]).map(|_| ())
}

/// `wandb-rs save`.
pub fn save(args: &SaveArgs) -> Result<(), Error> {
    let policy = match args.policy {
        PolicyArg::Now => "now",
        PolicyArg::End => "end",
        PolicyArg::Live => "live",
    };
    let mut messages = Vec::new();
    for file in &args.files {
        // Our current directory may differ from the run's.
        let path = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        let path = path
            .to_str()
            .ok_or_else(|| Error::new(format!("save: the name {} is not UTF-8", file.display())))?;
        let save = vec![member("path", path), member("policy", policy)];
        messages.push(vec![member("save", Value::Map(save))]);
    }
    send(messages).map(|_| ())
}

/// `wandb-rs info`.
pub fn info(args: &InfoArgs) -> Result<(), Error> {
    let answers = send(vec![vec![member("info", Value::Bool(true))]])?;
    let Some(Value::Map(run)) = answers.first().and_then(|answer| answer.get("run")) else {
        return Err(Error::new("info: no run is recorded (mode disabled)"));
    };
    let show = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_json(),
    };
    let text = match &args.name {
        Some(name) => {
            let value = run
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value);
            let known: Vec<&str> = run.iter().map(|(key, _)| key.as_str()).collect();
            let value = value.ok_or_else(|| {
                Error::new(format!(
                    "info: unknown {name:?}: expected one of {}",
                    known.join(", ")
                ))
            })?;
            if args.json {
                value.to_json()
            } else {
                show(value)
            }
        }
        None if args.json => Value::Map(run.clone()).to_json(),
        None => run
            .iter()
            .map(|(key, value)| format!("{key}: {}", show(value)))
            .collect::<Vec<_>>()
            .join("\n"),
    };
    super::print(&(text + "\n"))
}

/// `name=value` words as members; the value is a number, JSON or text.
fn pairs(words: &[String]) -> Result<Members, Error> {
    words.iter().map(|word| pair(word)).collect()
}

/// One `name=value` word; errors say what is wrong with it.
pub fn pair(word: &str) -> Result<(String, Value), Error> {
    let wanted = || Error::new(format!("{word:?}: expected NAME=VALUE")).code(2);
    let (name, text) = word.split_once('=').ok_or_else(wanted)?;
    if name.trim().is_empty() {
        return Err(wanted());
    }
    let value = match Value::parse(text) {
        Ok(value) => value,
        Err(_) if matches!(text, "nan" | "inf" | "-inf") => {
            Value::Float(text.parse().unwrap_or(f64::NAN))
        }
        Err(_) => crate::parse::number::parse(text)
            .filter(|_| !text.contains(','))
            .unwrap_or_else(|| Value::from(text)),
    };
    Ok((name.to_owned(), value))
}

/// Sends messages to the run and gives their answers; the first refusal is an error. In a run that is disabled,
/// nothing is sent.
fn send(messages: Vec<Members>) -> Result<Vec<Value>, Error> {
    let hint = "start the script with `wandb-rs run -- COMMAND`";
    let Some(path) = std::env::var_os(SOCKET).filter(|path| !path.is_empty()) else {
        if std::env::var_os("WANDB_MODE").is_some_and(|mode| mode == "disabled") {
            return Ok(Vec::new());
        }
        return Err(Error::new(format!("not inside a run: {SOCKET} is not set")).hint(hint));
    };
    exchange(Path::new(&path), messages, PATIENCE)
}

/// Sends messages to the socket and waits for their answers, so long for each.
fn exchange(path: &Path, messages: Vec<Members>, patience: Duration) -> Result<Vec<Value>, Error> {
    let lost = |what: &str, error: std::io::Error| {
        if error.kind() == std::io::ErrorKind::WouldBlock {
            let seconds = patience.as_secs_f32();
            return Error::new(format!("{what}: it was waited for {seconds} s"))
                .hint("the run's logs/debug.log may say why");
        }
        Error::new(format!("{what}: {error}")).hint("has the run ended?")
    };
    let mut stream =
        connect(path, patience).map_err(|error| lost("cannot reach the run", error))?;
    let mut text = String::new();
    for (number, mut message) in messages.into_iter().enumerate() {
        message.push(member("id", Value::Int(number as i64)));
        text.push_str(&jsonl::line(message));
    }
    stream
        .write_all(text.as_bytes())
        .map_err(|error| lost("cannot send to the run", error))?;
    stream
        .shutdown(std::net::Shutdown::Write)
        .map_err(|error| lost("cannot send to the run", error))?;
    let mut answers = Vec::new();
    for line in BufReader::new(stream).lines() {
        let line = line.map_err(|error| lost("the run does not answer", error))?;
        let answer = Value::parse(&line)
            .map_err(|error| Error::new(format!("the run's answer is not JSON: {error}")))?;
        if let Some(reason) = answer.get("error").and_then(Value::as_str) {
            return Err(Error::new(reason));
        }
        if let Some(warning) = answer.get("warning").and_then(Value::as_str) {
            let _ = writeln!(std::io::stderr(), "wandb-rs: {warning}");
        }
        answers.push(answer);
    }
    if answers.len() < text.lines().count() {
        return Err(Error::new("the run ended before it answered"));
    }
    Ok(answers)
}

/// A connection whose every wait is limited, also that to be let in.
fn connect(path: &Path, patience: Duration) -> std::io::Result<UnixStream> {
    let socket = socket(
        AddressFamily::Unix,
        SockType::Stream,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    let stream = UnixStream::from(socket);
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    nix::sys::socket::connect(stream.as_raw_fd(), &UnixAddr::new(path)?)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_does_not_answer_is_not_waited_for_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let _nobody_accepts = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let message = vec![member("log", Value::Map(Vec::new()))];
        let error = exchange(&path, vec![message], Duration::from_millis(20)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "wandb-rs: the run does not answer: it was waited for 0.02 s\nhint: the run's logs/debug.log may say why"
        );
    }

    #[test]
    fn words_become_values() {
        for (word, json) in [
            ("a=1", "1"),
            ("a=1.50", "1.5"),
            ("a=.5", "0.5"),
            ("a=nan", "NaN"),
            ("a=adam", "\"adam\""),
            ("a=[1,2]", "[1,2]"),
            ("a={\"x\":1}", "{\"x\":1}"),
            ("a=1,000", "\"1,000\""),
            ("a=x=y", "\"x=y\""),
            ("a=", "\"\""),
            ("a=true", "true"),
        ] {
            assert_eq!(pair(word).unwrap().1.to_json(), json, "{word}");
        }
        assert_eq!(
            pair("loss").unwrap_err().to_string(),
            "wandb-rs: \"loss\": expected NAME=VALUE"
        );
        assert!(pair("=1").is_err());
    }
}
