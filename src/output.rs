//! What the user sees: the only place that prints, always on stderr, never inside the script's stream.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use console::Style;

pub mod board;
pub mod footer;
pub mod number;
pub mod prompt;
pub mod redact;
pub mod sparkline;
pub mod table_file;

/// How much is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    Silent,
    Quiet,
    Normal,
}

/// The user's terminal.
#[derive(Debug, Clone)]
pub struct Ui {
    verbosity: Verbosity,
    color: bool,
    unicode: bool,
    /// The terminal does not turn `\n` into `\r\n` at this moment.
    raw: Option<Arc<AtomicBool>>,
}

impl Ui {
    /// For this process's stderr. `locale` is what the environment says about the character set.
    pub fn new(verbosity: Verbosity, locale: Option<&str>) -> Self {
        Self {
            verbosity,
            color: console::colors_enabled_stderr(),
            unicode: locale.is_none_or(|locale| {
                let locale = locale.to_ascii_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            }),
            raw: None,
        }
    }

    /// Lines end in `\r\n` while this flag is set.
    pub fn set_raw(&mut self, raw: Arc<AtomicBool>) {
        self.raw = Some(raw);
    }

    /// How much is printed.
    pub fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// Whether characters outside ASCII can be shown.
    pub fn unicode(&self) -> bool {
        self.unicode
    }

    /// Columns of the terminal; `None` if stderr is none.
    pub fn width(&self) -> Option<usize> {
        console::Term::stderr()
            .size_checked()
            .map(|(_, columns)| usize::from(columns))
    }

    /// Prints a line, prefixed, unless quiet.
    pub fn info(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            self.lines("", text);
        }
    }

    /// Prints a line, prefixed, also when quiet.
    pub fn notice(&self, text: &str) {
        if self.verbosity >= Verbosity::Quiet {
            self.lines("", text);
        }
    }

    /// Prints a warning, unless silent.
    pub fn warning(&self, text: &str) {
        if self.verbosity >= Verbosity::Quiet {
            let tag = self.styled("WARNING", Style::new().yellow());
            self.lines(&format!("{tag} "), text);
        }
    }

    /// Prints what has gone wrong, unless silent.
    pub fn error(&self, text: &str) {
        if self.verbosity >= Verbosity::Quiet {
            let tag = self.styled("ERROR", Style::new().green().on_red());
            self.lines(&format!("{tag} "), text);
        }
    }

    /// Paints text if colours are on.
    pub fn styled(&self, text: &str, style: Style) -> String {
        style.force_styling(self.color).apply_to(text).to_string()
    }

    /// A run's name.
    pub fn name(&self, text: &str) -> String {
        self.styled(text, Style::new().yellow())
    }

    /// An address.
    pub fn link(&self, text: &str) -> String {
        self.styled(text, Style::new().blue().underlined())
    }

    /// A file's path.
    pub fn path(&self, text: &str) -> String {
        self.styled(text, Style::new().magenta().bold())
    }

    /// A command that can be copied.
    pub fn code(&self, text: &str) -> String {
        self.styled(text, Style::new().bold())
    }

    fn lines(&self, tag: &str, text: &str) {
        let prefix = self.styled("wandb", Style::new().blue().bold());
        let end = match &self.raw {
            Some(raw) if raw.load(Ordering::SeqCst) => "\r\n",
            _ => "\n",
        };
        let mut out = String::new();
        for line in text.split('\n') {
            out.push_str(&format!("{prefix}: {tag}{line}{end}"));
        }
        // One write, so that lines of several processes do not mix; a closed stderr is no reason to stop.
        let _ = std::io::stderr().lock().write_all(out.as_bytes());
    }
}
