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

/// The text with a setting changed in section `[default]`, or taken away; every other line stays as it is.
pub fn with(text: &str, key: &str, value: Option<&str>) -> Result<String, IniError> {
    // A file that cannot be understood is not written to: it might be about something else.
    parse(text)?;
    let mut lines: Vec<String> = Vec::new();
    let mut section = "";
    // Behind the last line of section `[default]` that is not empty.
    let mut end = None;
    let mut place = None;
    let mut dropping = false;
    for raw in text.lines() {
        let line = raw.trim();
        let comment = line.starts_with(['#', ';']);
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
            dropping = false;
        } else if section == "default" && !line.is_empty() && !comment {
            if !(dropping && raw.starts_with([' ', '\t'])) {
                let name = line.split(['=', ':']).next().unwrap_or_default().trim();
                dropping = name.eq_ignore_ascii_case(key);
            }
            if dropping {
                place.get_or_insert(lines.len());
                continue;
            }
        }
        lines.push(raw.to_owned());
        if section == "default" && !line.is_empty() {
            end = Some(lines.len());
        }
    }
    if let Some(value) = value {
        let value = value.replace('%', "%%").replace('\n', "\n\t");
        let at = place.or(end).unwrap_or_else(|| {
            lines.push("[default]".to_owned());
            lines.len()
        });
        lines.insert(at, format!("{key} = {value}"));
    }
    let mut text = lines.join("\n");
    if !text.is_empty() {
        text.push('\n');
    }
    Ok(text)
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

    #[test]
    fn one_setting_is_changed_and_all_else_stays() {
        let text = "# mine\n[default]\nproject = demo ; x\nMode = online\n  and on\n# end\n\n[other]\nmode = x\n";
        for (key, value, wanted) in [
            (
                "mode",
                Some("offline"),
                "# mine\n[default]\nproject = demo ; x\nmode = offline\n# end\n\n[other]\nmode = x\n",
            ),
            (
                "mode",
                None,
                "# mine\n[default]\nproject = demo ; x\n# end\n\n[other]\nmode = x\n",
            ),
            (
                "entity",
                Some("50%"),
                "# mine\n[default]\nproject = demo ; x\nMode = online\n  and on\n# end\nentity = 50%%\n\n[other]\nmode = x\n",
            ),
            ("entity", None, text),
        ] {
            assert_eq!(with(text, key, value).unwrap(), wanted);
        }
        assert_eq!(
            with("", "mode", Some("offline")).unwrap(),
            "[default]\nmode = offline\n"
        );
        assert_eq!(with("", "mode", None).unwrap(), "");
        assert_eq!(
            with("[other]\na = b", "c", Some("d")).unwrap(),
            "[other]\na = b\n[default]\nc = d\n"
        );
        assert!(with("what is this", "mode", Some("x")).is_err());
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(text: String, key in "[a-z_]{1,8}", value in "[!-~]([ -~]{0,10}[!-~])?") {
            if let Ok(written) = with(&text, &key, Some(&value)) {
                let values = parse(&written).unwrap();
                proptest::prop_assert!(values.contains(&(key, value)));
            }
        }
    }
}
