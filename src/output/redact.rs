//! Secrets never leave: values of password-like names and texts that look like tokens are replaced.

use crate::wire::json::Value;

/// What stands in place of a secret.
pub const REDACTED: &str = "[redacted]";

/// Words that make a name's value a secret when they stand in it as whole words.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "secrets",
    "credential",
    "credentials",
    "apikey",
    "authorization",
];
/// Words that do so at the end of a name. (`max_tokens` and `token_count` are no secrets.)
const SECRET_ENDINGS: &[&str] = &[
    "token",
    "api_key",
    "access_key",
    "private_key",
    "secret_key",
    "auth_key",
    "auth",
];

/// Beginnings of tokens that services give out, and how long such a token is at least.
const TOKEN_PREFIXES: &[(&str, usize)] = &[
    ("hf_", 20),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("sk-", 20),
    ("sk_live_", 16),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("wandb_v1_", 20),
    ("npm_", 20),
    ("pypi-", 20),
    ("eyJ", 40),
];

/// Whether the value of this name is a secret.
pub fn is_secret_name(name: &str) -> bool {
    let mut name = name
        .trim_start_matches('-')
        .replace(['-', '.', '/', ' '], "_");
    // apiKey -> api_key
    if name.chars().any(char::is_lowercase) {
        let mut spaced = String::new();
        for c in name.chars() {
            if c.is_uppercase() && !spaced.is_empty() && !spaced.ends_with('_') {
                spaced.push('_');
            }
            spaced.push(c);
        }
        name = spaced;
    }
    let name = name.to_lowercase();
    name.split('_').any(|word| SECRET_WORDS.contains(&word))
        || SECRET_ENDINGS.iter().any(|ending| {
            name.strip_suffix(ending)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
        })
}

/// Whether a text is a token by its looks: a known prefix, or a W&B API key (40 hex digits, maybe with `local-`).
pub fn is_token(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if TOKEN_PREFIXES.iter().any(|(prefix, length)| {
        text.starts_with(prefix) && text.len() >= *length && text.chars().all(word)
    }) {
        return true;
    }
    let key = text.strip_prefix("local-").unwrap_or(text);
    key.len() == 40
        && key.bytes().all(|b| b.is_ascii_hexdigit())
        && key.bytes().any(|b| b.is_ascii_digit())
}

/// A value without the secrets in it: what stands under a secret's name, at any depth, and texts that are tokens.
pub fn value(name: &str, value: Value) -> Value {
    if is_secret_name(name) && !matches!(value, Value::Bool(_) | Value::Null | Value::Map(_)) {
        return REDACTED.into();
    }
    match value {
        Value::Map(members) => Value::Map(
            members
                .into_iter()
                .map(|(key, inner)| {
                    let inner = self::value(&key, inner);
                    (key, inner)
                })
                .collect(),
        ),
        Value::List(items) => Value::List(
            items
                .into_iter()
                .map(|item| self::value("", item))
                .collect(),
        ),
        Value::Text(text) => Value::Text(self::text(&text)),
        other => other,
    }
}

/// A text with the tokens in it, and the password of a URL, replaced.
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    let end = |word: &mut String, out: &mut String| {
        out.push_str(if is_token(word) { REDACTED } else { word });
        word.clear();
    };
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') {
            word.push(c);
        } else {
            end(&mut word, &mut out);
            out.push(c);
        }
    }
    end(&mut word, &mut out);
    url_password(&out)
}

/// `scheme://user:password@host` without the password.
fn url_password(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        let end = tail
            .find(|c: char| c == '/' || c.is_whitespace())
            .unwrap_or(tail.len());
        let authority = &tail[..end];
        if let Some((user, host)) = authority.rsplit_once('@')
            && let Some((name, _)) = user.split_once(':')
        {
            out.push_str(&format!("{name}:{REDACTED}@{host}"));
        } else {
            out.push_str(authority);
        }
        rest = &tail[end..];
    }
    out.push_str(rest);
    out
}

/// A command line without its secrets: `--token X`, `--token=X`, `token=X`, and words that are tokens.
pub fn arguments<S: AsRef<str>>(arguments: &[S]) -> Vec<String> {
    let mut hide_next = false;
    let hide = |argument: &str| {
        if let Some((name, value)) = argument.split_once('=')
            && is_secret_name(name)
            && !value.is_empty()
        {
            return format!("{name}={REDACTED}");
        }
        // An object on the command line: --db '{"password": "x"}'.
        if argument.contains('{')
            && let Ok(object @ Value::Map(_)) = Value::parse(argument)
        {
            return value("", object).to_json();
        }
        text(argument)
    };
    arguments
        .iter()
        .map(|argument| {
            let argument = argument.as_ref();
            let hidden = std::mem::replace(
                &mut hide_next,
                argument.starts_with('-') && !argument.contains('=') && is_secret_name(argument),
            );
            if hidden && !argument.starts_with('-') {
                REDACTED.to_owned()
            } else {
                hide(argument)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in [
            "password",
            "--db-password",
            "API_KEY",
            "hf_token",
            "wandb.api_key",
            "secret",
            "apiKey",
            "openaiApiKey",
            "AWS_SECRET_ACCESS_KEY",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "max_tokens",
            "token_count",
            "tokenizer",
            "key",
            "keys",
            "author",
            "lr",
            "secretary",
            "num_heads",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn command_lines() {
        let line = [
            "train.py",
            "--lr",
            "0.1",
            "--token",
            "abc",
            "--password=x",
            "api_key=y",
            "hf_abcdefghijklmnopqrstuvwx",
            "--url",
            "https://me:pw@host/x",
            "0123456789abcdef0123456789abcdef01234567",
            "--api-key",
            "--flag",
        ];
        assert_eq!(
            arguments(&line).join(" "),
            "train.py --lr 0.1 --token [redacted] --password=[redacted] api_key=[redacted] [redacted] \
             --url https://me:[redacted]@host/x [redacted] --api-key --flag"
        );
    }

    #[test]
    fn values_at_any_depth() {
        let value = Value::parse(
            r#"{"dbs":[{"password":"x","port":1}],"token":["y"],"keys":["hf_abcdefghijklmnopqrstuvwx"],"secret":{"a":"b"}}"#,
        );
        assert_eq!(
            self::value("", value.unwrap()).to_json(),
            r#"{"dbs":[{"password":"[redacted]","port":1}],"token":"[redacted]","keys":["[redacted]"],"secret":{"a":"b"}}"#
        );
        assert_eq!(
            arguments(&["-password", "x", "--db", r#"{"password":"y"}"#]).join(" "),
            r#"-password [redacted] --db {"password":"[redacted]"}"#
        );
    }

    #[test]
    fn ordinary_words_stay() {
        for word in ["sk-learn", "hf_model", "resnet50", "a94a8fe5", "AKIA"] {
            assert_eq!(text(word), word);
        }
    }
}
