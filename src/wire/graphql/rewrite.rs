//! Changes to a document for servers that do not know all of it: parts are left out, and fields renamed.
//!
//! The SDK writes documents for the newest server and says with each request what this one lacks. Source:
//! `GraphQLRequest` in `wandb_api.proto`, `core/internal/wbapi/gqlcompat.go`.

use std::collections::{HashMap, HashSet};

use super::{Lexer, MAX_DEPTH, SyntaxError, Token};

/// What is changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rewrite {
    /// Variables, without `$`: their definitions, and the arguments and members that they stand for.
    pub omit_variables: HashSet<String>,
    /// Fragments: their definitions, and the places that spread them.
    pub omit_fragments: HashSet<String>,
    pub omit_fields: HashSet<String>,
    /// New names of fields, by the old ones.
    pub rename_fields: HashMap<String, String>,
}

impl Rewrite {
    /// The document with the changes. What is left with nothing selected goes, too, as do fragments that nothing uses.
    pub fn apply(&self, document: &str) -> Result<String, SyntaxError> {
        if *self == Self::default() {
            return Ok(document.to_owned());
        }
        let mut writer = Writer {
            lexer: Lexer::new(document)?,
            rewrite: self,
            spread: Vec::new(),
        };
        let mut out = String::with_capacity(document.len());
        let mut used = HashSet::new();
        let mut fragments: HashMap<String, (String, Vec<String>)> = HashMap::new();
        let mut order = Vec::new();
        while writer.lexer.token != Token::End {
            if writer.lexer.token == Token::Name("fragment") {
                let (name, text) = writer.fragment()?;
                let spread = std::mem::take(&mut writer.spread);
                if !self.omit_fragments.contains(&name) {
                    order.push(name.clone());
                    fragments.insert(name, (text, spread));
                }
            } else {
                writer.operation(&mut out)?;
                used.extend(writer.spread.drain(..));
            }
        }
        let mut found: Vec<String> = used.iter().cloned().collect();
        while let Some(name) = found.pop() {
            let spread = fragments.get(&name).map(|(_, spread)| spread.as_slice());
            for inner in spread.unwrap_or_default() {
                if used.insert(inner.clone()) {
                    found.push(inner.clone());
                }
            }
        }
        for name in order.iter().filter(|name| used.contains(*name)) {
            if let Some((text, _)) = fragments.get(name) {
                out.push_str(text);
            }
        }
        Ok(out)
    }
}

/// Copies a document word by word, with a space behind each.
struct Writer<'a> {
    lexer: Lexer<'a>,
    rewrite: &'a Rewrite,
    /// Fragments that are spread in what was written.
    spread: Vec<String>,
}

impl Writer<'_> {
    /// Copies the next word.
    fn copy(&mut self, out: &mut String) -> Result<(), SyntaxError> {
        out.push_str(self.lexer.source());
        out.push(' ');
        self.lexer.advance()?;
        Ok(())
    }

    /// Copies a sign if it comes next.
    fn copies(&mut self, sign: char, out: &mut String) -> Result<bool, SyntaxError> {
        let next = self.lexer.token == Token::Sign(sign);
        if next {
            self.copy(out)?;
        }
        Ok(next)
    }

    fn copy_name(&mut self, out: &mut String) -> Result<(), SyntaxError> {
        match self.lexer.token {
            Token::Name(_) => self.copy(out),
            _ => Err(self.lexer.unexpected("a name")),
        }
    }

    fn operation(&mut self, out: &mut String) -> Result<(), SyntaxError> {
        while let Token::Name(_) = self.lexer.token {
            self.copy(out)?;
        }
        if self.lexer.passes('(')? {
            let mut variables = String::new();
            while !self.lexer.passes(')')? {
                let Token::Variable(name) = self.lexer.token else {
                    return Err(self.lexer.error("a variable must begin with '$'"));
                };
                let mut variable = String::new();
                self.copy(&mut variable)?;
                self.definition(&mut variable)?;
                if !self.rewrite.omit_variables.contains(name) {
                    variables.push_str(&variable);
                }
            }
            if !variables.is_empty() {
                out.push_str(&format!("( {variables}) "));
            }
        }
        self.directives(out)?;
        self.selections(out, 0)?;
        Ok(())
    }

    /// The type of a variable, and its default.
    fn definition(&mut self, out: &mut String) -> Result<(), SyntaxError> {
        self.lexer.sign(':')?;
        out.push_str(": ");
        let mut lists = 0;
        while self.copies('[', out)? {
            lists += 1;
        }
        self.copy_name(out)?;
        self.copies('!', out)?;
        for _ in 0..lists {
            self.lexer.sign(']')?;
            out.push_str("] ");
            self.copies('!', out)?;
        }
        if self.copies('=', out)? {
            self.value(out, 0)?;
        }
        self.directives(out)
    }

    fn fragment(&mut self) -> Result<(String, String), SyntaxError> {
        let mut text = String::new();
        self.copy(&mut text)?;
        let name = match self.lexer.token {
            Token::Name(name) => name.to_owned(),
            _ => return Err(self.lexer.unexpected("a name")),
        };
        self.copy(&mut text)?;
        self.lexer.keyword("on")?;
        text.push_str("on ");
        self.copy_name(&mut text)?;
        self.directives(&mut text)?;
        self.selections(&mut text, 0)?;
        Ok((name, text))
    }

    fn directives(&mut self, out: &mut String) -> Result<(), SyntaxError> {
        while self.lexer.passes('@')? {
            out.push('@');
            self.copy_name(out)?;
            self.arguments(out)?;
        }
        Ok(())
    }

    fn arguments(&mut self, out: &mut String) -> Result<(), SyntaxError> {
        if self.lexer.passes('(')? {
            let arguments = self.members(')', 0)?;
            if !arguments.is_empty() {
                out.push_str(&format!("( {arguments}) "));
            }
        }
        Ok(())
    }

    /// `name: value` up to a closing sign, without those whose value is a variable that is left out.
    fn members(&mut self, end: char, depth: usize) -> Result<String, SyntaxError> {
        let mut members = String::new();
        while !self.lexer.passes(end)? {
            let mut member = String::new();
            self.copy_name(&mut member)?;
            self.lexer.sign(':')?;
            member.push_str(": ");
            let omitted = matches!(self.lexer.token, Token::Variable(name)
                if self.rewrite.omit_variables.contains(name));
            self.value(&mut member, depth)?;
            if !omitted {
                members.push_str(&member);
            }
        }
        Ok(members)
    }

    fn value(&mut self, out: &mut String, depth: usize) -> Result<(), SyntaxError> {
        if depth >= MAX_DEPTH {
            return Err(self.lexer.error("values are nested too deeply"));
        }
        match self.lexer.token {
            Token::Sign('{') => {
                self.lexer.advance()?;
                let members = self.members('}', depth + 1)?;
                out.push_str(&format!("{{ {members}}} "));
                Ok(())
            }
            Token::Sign('[') => {
                self.copy(out)?;
                while !self.copies(']', out)? {
                    self.value(out, depth + 1)?;
                }
                Ok(())
            }
            Token::Variable(_) | Token::Text(_) | Token::Number(_) | Token::Name(_) => {
                self.copy(out)
            }
            _ => Err(self.lexer.unexpected("a value")),
        }
    }

    /// Copies what is left of a selection; false, and nothing, if that is nothing.
    fn selections(&mut self, out: &mut String, depth: usize) -> Result<bool, SyntaxError> {
        if depth >= MAX_DEPTH {
            return Err(self.lexer.error("selections are nested too deeply"));
        }
        self.lexer.sign('{')?;
        let mut selections = String::new();
        while !self.lexer.passes('}')? {
            let before = self.spread.len();
            let mut selection = String::new();
            if self.selection(&mut selection, depth)? {
                selections.push_str(&selection);
            } else {
                self.spread.truncate(before);
            }
        }
        if selections.is_empty() {
            return Ok(false);
        }
        out.push_str(&format!("{{ {selections}}} "));
        Ok(true)
    }

    /// Copies one selection; false if it is to be left out.
    fn selection(&mut self, out: &mut String, depth: usize) -> Result<bool, SyntaxError> {
        if self.lexer.token == Token::Spread {
            self.copy(out)?;
            match self.lexer.token {
                Token::Name("on") => {
                    self.copy(out)?;
                    self.copy_name(out)?;
                }
                Token::Name(name) => {
                    self.spread.push(name.to_owned());
                    self.copy(out)?;
                    self.directives(out)?;
                    return Ok(!self.rewrite.omit_fragments.contains(name));
                }
                _ => {}
            }
            self.directives(out)?;
            return self.selections(out, depth + 1);
        }
        let mut name = self.lexer.name()?;
        if self.lexer.passes(':')? {
            out.push_str(&format!("{name}: "));
            name = self.lexer.name()?;
        }
        let renamed = self.rewrite.rename_fields.get(&name);
        out.push_str(renamed.unwrap_or(&name));
        out.push(' ');
        self.arguments(out)?;
        self.directives(out)?;
        let kept = self.lexer.token != Token::Sign('{') || self.selections(out, depth + 1)?;
        Ok(kept && !self.rewrite.omit_fields.contains(&name))
    }
}

/// Must not panic or hang, whatever the input.
#[doc(hidden)]
pub fn fuzz_rewrite(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        let rewrite = Rewrite {
            omit_fields: HashSet::from(["a".to_owned()]),
            omit_variables: HashSet::from(["v".to_owned()]),
            ..Rewrite::default()
        };
        let _ = rewrite.apply(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> HashSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn rewritten(rewrite: &Rewrite, document: &str) -> String {
        let text = rewrite.apply(document).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn without_changes_a_document_stays_as_it_is() {
        let text = "query  A {\n a # b\n}";
        assert_eq!(Rewrite::default().apply(text).unwrap(), text);
    }

    #[test]
    fn variables_go_with_what_they_stand_for() {
        let rewrite = Rewrite {
            omit_variables: set(&["gone"]),
            ..Rewrite::default()
        };
        for (document, expected) in [
            (
                "query A($gone: [Int!]! = [1, 2], $kept: String) { a(x: $gone, y: $kept) { b } }",
                "query A ( $kept : String ) { a ( y : $kept ) { b } }",
            ),
            ("query A($gone: Int) { a(x: $gone) }", "query A { a }"),
            (
                "mutation A($gone: X, $b: Y) { m(input: {g: $gone, b: $b, c: {g: $gone}, d: [$gone]}) { ok } }",
                "mutation A ( $b : Y ) { m ( input : { b : $b c : { } d : [ $gone ] } ) { ok } }",
            ),
            (
                "query A { a(text: \"$gone # {\") @include(if: $b) }",
                "query A { a ( text : \"$gone # {\" ) @include ( if : $b ) }",
            ),
        ] {
            assert_eq!(rewritten(&rewrite, document), expected, "{document}");
        }
    }

    #[test]
    fn fields_and_fragments_go_with_what_only_they_need() {
        let rewrite = Rewrite {
            omit_fields: set(&["tags"]),
            omit_fragments: set(&["Old"]),
            rename_fields: HashMap::from([("before".to_owned(), "after".to_owned())]),
            ..Rewrite::default()
        };
        let document = "query A { alias: before { tags { id ...OnlyTags } id ...Old ...New } other { tags } \
            ... on B { tags } ...Old } \
            fragment OnlyTags on T { x } fragment Old on O { before } \
            fragment Inner on I { z } fragment New on N { before ...Inner tags }";
        assert_eq!(
            rewritten(&rewrite, document),
            "query A { alias: after { id ...New } } fragment Inner on I { z } \
             fragment New on N { after ...Inner }"
                .replace("...", "... ")
        );
    }

    #[test]
    fn what_is_no_document_is_told() {
        let rewrite = Rewrite {
            omit_fields: set(&["a"]),
            ..Rewrite::default()
        };
        for (document, part) in [
            ("query A {", "End"),
            ("query A(x: Int) { a }", "must begin with '$'"),
            ("{ a(b: ) }", "a value"),
            ("fragment F in T", "instead of on"),
        ] {
            let error = rewrite.apply(document).unwrap_err().to_string();
            assert!(error.contains(part), "{document}: {error}");
        }
        let deep = "{a".repeat(5000) + &"}".repeat(5000);
        let error = rewrite.apply(&deep).unwrap_err().to_string();
        assert!(error.contains("too deeply"), "{error}");
    }

    #[test]
    fn any_bytes_are_read_without_harm() {
        let seed = "query Q($v: [Int!]! = [1]) { b: a(d: \"e\", f: {g: $v}) @skip(if: false) { ...H } } fragment H on T { a }";
        for end in 0..=seed.len() {
            for byte in [b'"', b'{', b'\\', b'$', 0xff, b'.', b'('] {
                let mut bytes = seed.as_bytes()[..end].to_vec();
                bytes.push(byte);
                bytes.extend_from_slice(&seed.as_bytes()[end..]);
                fuzz_rewrite(&bytes);
            }
            fuzz_rewrite(&seed.as_bytes()[..end]);
        }
    }
}
