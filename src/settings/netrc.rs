//! `.netrc`: credentials by host. Only read here.
//!
//! ```text
//! machine api.wandb.ai
//!   login user
//!   password KEY
//! ```
//!
//! Words are separated by white space, and may be quoted; `#` begins a comment, `macdef` a macro that ends at a blank
//! line. `default` stands for any host.

/// The password of a machine, or that of `default` if there is no entry for it.
pub fn password(text: &str, machine: &str) -> Option<String> {
    let mut words = words(text).into_iter();
    let mut applies = false;
    let mut found = None;
    while let Some(word) = words.next() {
        match word.as_str() {
            "machine" => {
                if found.is_some() {
                    break;
                }
                applies = words.next().as_deref() == Some(machine);
            }
            "default" => applies = found.is_none(),
            "login" | "account" => drop(words.next()),
            "password" => {
                let password = words.next();
                if applies && found.is_none() {
                    found = password;
                }
            }
            _ => {}
        }
    }
    found
}

fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut macro_body = false;
    for line in text.lines() {
        if macro_body {
            macro_body = !line.trim().is_empty();
            continue;
        }
        for word in line.split_whitespace() {
            if word.starts_with('#') {
                break;
            }
            if word == "macdef" {
                macro_body = true;
                break;
            }
            words.push(word.trim_matches('"').to_owned());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_by_machine() {
        let text = "# keys\nmachine a.b\n  login user\n  password k1\nmacdef init\n  password no\n\nmachine c.d login u password \"k2\"\ndefault login u password k3\n";
        assert_eq!(password(text, "a.b").as_deref(), Some("k1"));
        assert_eq!(password(text, "c.d").as_deref(), Some("k2"));
        assert_eq!(password(text, "other").as_deref(), Some("k3"));
        assert_eq!(password("machine a.b login x", "a.b"), None);
        assert_eq!(password("machine machine password", "a.b"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text: String) {
            password(&text, "a");
        }
    }
}
