//! What a command line says: which script it runs and with which settings.

use std::path::{Path, PathBuf};

use crate::output::redact;
use crate::parse::number::parse as number;
use crate::wire::json::Value;

/// File endings of scripts that interpreters run.
const SCRIPTS: &[&str] = &[
    "py", "sh", "bash", "jl", "R", "r", "js", "mjs", "ts", "rb", "pl", "lua", "m", "ipynb",
];

/// Programs that take a script's text behind `-c`.
const SHELLS: &[&str] = &["sh", "bash", "dash", "zsh", "ksh", "fish"];

/// A command line, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// As the user knows it: the script's path, `-m module`, or the program.
    pub program: String,
    /// The script's file, if there is one.
    pub script: Option<PathBuf>,
    /// What is behind the script, or behind the program.
    pub arguments: Vec<String>,
    /// The program is a Python interpreter.
    pub is_python: bool,
}

impl Command {
    /// Takes a command line apart; `is_file` tells whether a path is a file.
    pub fn new(argv: &[String], is_file: impl Fn(&Path) -> bool) -> Self {
        let (program, rest) = argv
            .split_first()
            .map_or(("", &[][..]), |(p, rest)| (p.as_str(), rest));
        let name = Path::new(program)
            .file_name()
            .map(|name| name.to_string_lossy())
            .unwrap_or_default();
        let is_python = name.starts_with("python") || name.starts_with("pypy");
        // A module or a program text in place of a script file.
        let is_shell = SHELLS.contains(&&*name);
        let inline = rest
            .iter()
            .position(|word| word == "-c" || (is_python && word == "-m"));
        if (is_python || is_shell)
            && let Some(at) = inline
            && rest[..at].iter().all(|word| word.starts_with('-'))
        {
            let text = rest.get(at + 1).map_or("", String::as_str);
            return Self {
                program: match rest[at].as_str() {
                    "-m" => format!("-m {text}"),
                    _ => program.to_owned(),
                },
                script: None,
                arguments: rest.get(at + 2..).unwrap_or_default().to_vec(),
                is_python,
            };
        }
        let script = rest.iter().position(|argument| {
            let path = Path::new(argument);
            let ending = path.extension().and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| SCRIPTS.contains(&ending)) && is_file(path)
        });
        match script {
            Some(at) => Self {
                program: rest[at].clone(),
                script: Some(PathBuf::from(&rest[at])),
                arguments: rest[at + 1..].to_vec(),
                is_python,
            },
            None => Self {
                program: program.to_owned(),
                script: is_file(Path::new(program)).then(|| PathBuf::from(program)),
                arguments: rest.to_vec(),
                is_python,
            },
        }
    }

    /// The arguments as config: `--lr 0.1`, `--lr=0.1`, `lr=0.1`, `a.b=c` (nested), bare flags (true), numbers
    /// behind a flag (a list). What belongs to no name is kept in order under `args`. Secrets are replaced.
    pub fn config(&self) -> Vec<(String, Value)> {
        let mut config = Vec::new();
        let mut positional = Vec::new();
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let mut at = 0;
        while let Some(argument) = arguments.get(at) {
            at += 1;
            if *argument == "--" {
                positional.extend(arguments[at..].iter().map(|text| typed(text)));
                break;
            }
            if let Some(flag) = flag(argument) {
                if let Some((name, value)) = flag.split_once('=') {
                    add(&mut config, name, typed(value));
                    continue;
                }
                let mut values = Vec::new();
                while let Some(value) = arguments
                    .get(at)
                    .filter(|value| self::flag(value).is_none() && **value != "--")
                {
                    let belongs = if values.is_empty() {
                        assignment(value).is_none()
                    } else {
                        // Only numbers make a list: anything else may be an argument of its own.
                        number(value).is_some()
                            && values.iter().all(|v: &Value| v.as_f64().is_some())
                    };
                    if !belongs {
                        break;
                    }
                    values.push(typed(value));
                    at += 1;
                }
                let value = match values.len() {
                    0 => Value::Bool(true),
                    1 => values.remove(0),
                    _ => Value::List(values),
                };
                add(&mut config, flag, value);
            } else if let Some((name, value)) = assignment(argument) {
                add(&mut config, name, typed(value));
            } else {
                positional.push(typed(argument));
            }
        }
        if !positional.is_empty() {
            let words: Vec<Value> = positional;
            add(&mut config, "args", Value::List(words));
        }
        config
    }
}

/// The name in `--name` or `-n`; negative numbers are no flags.
fn flag(argument: &str) -> Option<&str> {
    let name = argument
        .strip_prefix("--")
        .or_else(|| argument.strip_prefix('-'))?;
    (name.starts_with(char::is_alphabetic) && number(argument).is_none()).then_some(name)
}

/// `name=value`, also as Hydra writes it (`+name=value`).
fn assignment(argument: &str) -> Option<(&str, &str)> {
    let (name, value) = argument.trim_start_matches('+').split_once('=')?;
    let good = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "_.-/@".contains(c));
    good.then_some((name, value))
}

/// A word as the value it means.
fn typed(text: &str) -> Value {
    match text {
        "true" | "True" => return Value::Bool(true),
        "false" | "False" => return Value::Bool(false),
        "null" | "None" | "none" => return Value::Null,
        _ => {}
    }
    if !text.contains(',')
        && !text.starts_with('+')
        && let Some(value) = number(text)
    {
        return value;
    }
    if text.starts_with(['[', '{'])
        && let Ok(value) = Value::parse(text)
    {
        return value;
    }
    Value::Text(redact::text(text))
}

/// Puts a value under a dotted name; a name that comes again makes a list.
fn add(config: &mut Vec<(String, Value)>, name: &str, value: Value) {
    let value = redact::value(name, value);
    let (first, rest) = name
        .split_once('.')
        .map_or((name, None), |(first, rest)| (first, Some(rest)));
    let key = first.replace('-', "_");
    let at = config.iter().position(|(name, _)| *name == key);
    match (at, rest) {
        (None, None) => config.push((key, value)),
        (None, Some(rest)) => {
            let mut inner = Vec::new();
            add(&mut inner, rest, value);
            config.push((key, Value::Map(inner)));
        }
        (Some(at), Some(rest)) => {
            if !matches!(config[at].1, Value::Map(_)) {
                config[at].1 = Value::Map(Vec::new());
            }
            if let Value::Map(inner) = &mut config[at].1 {
                add(inner, rest, value);
            }
        }
        (Some(at), None) => match &mut config[at].1 {
            Value::List(items) => items.push(value),
            earlier => *earlier = Value::List(vec![earlier.clone(), value]),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> Command {
        let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Command::new(&argv, |path| {
            path.ends_with("train.py") || path.ends_with("tool")
        })
    }

    #[test]
    fn the_script_is_found_behind_launchers() {
        for (line, program, arguments, is_python) in [
            ("python train.py --lr 1", "train.py", "--lr 1", true),
            ("python3.11 -u sub/train.py", "sub/train.py", "", true),
            (
                "torchrun --nproc 8 train.py --lr 1",
                "train.py",
                "--lr 1",
                false,
            ),
            ("python -m pkg.mod --k v", "-m pkg.mod", "--k v", true),
            (
                "python missing.py --lr 1",
                "python",
                "missing.py --lr 1",
                true,
            ),
            ("./tool --x 1", "./tool", "--x 1", false),
            ("ls -l", "ls", "-l", false),
            ("bash -e -c text x y", "bash", "x y", false),
            ("python -c text x", "python", "x", true),
        ] {
            let command = command(line);
            assert_eq!(
                (
                    command.program.as_str(),
                    command.arguments.join(" ").as_str(),
                    command.is_python
                ),
                (program, arguments, is_python),
                "{line}"
            );
        }
    }

    #[test]
    fn arguments_become_config() {
        for (line, config) in [
            (
                "--lr 0.01 --name=adam -v",
                r#"{"lr":0.01,"name":"adam","v":true}"#,
            ),
            (
                "--batch-size 32 --no-cuda data out",
                r#"{"batch_size":32,"no_cuda":"data","args":["out"]}"#,
            ),
            (
                "lr=1e-3 model.depth=3 model.name=x +trainer.fast=true",
                r#"{"lr":0.001,"model":{"depth":3,"name":"x"},"trainer":{"fast":true}}"#,
            ),
            (
                "--layers 64 128 256 --x -1",
                r#"{"layers":[64,128,256],"x":-1}"#,
            ),
            ("--lr 0.1 data/", r#"{"lr":0.1,"args":["data/"]}"#),
            ("--tag a --tag b --tag c", r#"{"tag":["a","b","c"]}"#),
            (
                "fit --ids [1,2] --opt {\"a\":1} --n null",
                r#"{"ids":[1,2],"opt":{"a":1},"n":null,"args":["fit"]}"#,
            ),
            (
                "--api-key abc --hf_token=x password=y --flag lr=1",
                r#"{"api_key":"[redacted]","hf_token":"[redacted]","password":"[redacted]","flag":true,"lr":1}"#,
            ),
            ("-- --lr 1", r#"{"args":["--lr",1]}"#),
            (
                "http://h/?a=b 1,2 0x10",
                r#"{"args":["http://h/?a=b","1,2","0x10"]}"#,
            ),
        ] {
            let command = command(&format!("python train.py {line}"));
            assert_eq!(Value::Map(command.config()).to_json(), config, "{line}");
        }
    }
}
