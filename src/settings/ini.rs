//! `settings` files: one section `[default]` with `key = value`, as Python's `ConfigParser` reads them.

/// Why a settings file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct IniError {
    /// Counted from 1.
    pub line: usize,
    pub reason: String,
}

/// The members of section `[default]`, keys in lower case.
pub fn parse(text: &str) -> Result<Vec<(String, String)>, IniError> {
    let mut values: Vec<(String, String)> = Vec::new();
    let mut section: Option<String> = None;
    for (number, raw) in text.lines().enumerate() {
        let error = |reason: String| IniError {
            line: number + 1,
            reason,
        };
        let line = raw.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            let name = name
                .strip_suffix(']')
                .ok_or_else(|| error(format!("{line:?} lacks its closing bracket")))?;
            section = Some(name.to_owned());
            continue;
        }
        let Some(section) = &section else {
            return Err(error(
                "a setting stands before the section [default]".to_owned(),
            ));
        };
        if raw.starts_with([' ', '\t'])
            && let Some((_, value)) = values.last_mut()
        {
            value.push('\n');
            value.push_str(line);
            continue;
        }
        let Some(at) = line.find(['=', ':']) else {
            return Err(error(format!("{line:?} is not of the form key = value")));
        };
        if section == "default" {
            let key = line[..at].trim().to_ascii_lowercase();
            values.push((key, line[at + 1..].trim().replace("%%", "%")));
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_official_client() {
        let text = "# comment\n[default]\nProject = demo\nentity: me\nbase_url = http://localhost:8080\nratio = 50%%\n\n[other]\nproject = no\n";
        let values = parse(text).unwrap();
        let pairs: Vec<_> = values.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(
            pairs,
            [
                "project=demo",
                "entity=me",
                "base_url=http://localhost:8080",
                "ratio=50%"
            ]
        );
    }

    #[test]
    fn errors_name_the_line() {
        for (text, message) in [
            (
                "[default]\nproject",
                "line 2: \"project\" is not of the form key = value",
            ),
            (
                "project = x",
                "line 1: a setting stands before the section [default]",
            ),
            ("[default", "line 1: \"[default\" lacks its closing bracket"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), message);
        }
    }
}
