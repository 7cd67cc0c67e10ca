//! Questions to the person at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use console::Style;
use nix::sys::termios::{self, LocalFlags, SetArg, SpecialCharacterIndices, Termios};

use super::{Ui, Verbosity};

/// The byte of Ctrl-C.
const INTERRUPT: u8 = 3;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// There is nobody to ask.
    NoTerminal,
    /// Ctrl-C.
    Interrupted,
    /// The end of the input.
    Closed,
}

impl Ui {
    /// Whether somebody sees a question and can answer it.
    pub fn can_ask(&self) -> bool {
        self.verbosity > Verbosity::Silent
            && io::stdin().is_terminal()
            && io::stderr().is_terminal()
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Asks for a line of text.
    pub fn ask(&self, question: &str) -> Result<String, NoAnswer> {
        self.question(question)?;
        let mut line = String::new();
        match io::stdin().lock().read_line(&mut line) {
            Ok(0) | Err(_) => {
                end_line();
                Err(NoAnswer::Closed)
            }
            Ok(_) => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        }
    }

    /// Asks for something that must not be seen.
    pub fn ask_hidden(&self, question: &str) -> Result<String, NoAnswer> {
        self.question(question)?;
        let answer = match Hidden::start() {
            Ok(_hidden) => hidden_line(),
            Err(_) => Err(NoAnswer::NoTerminal),
        };
        end_line();
        answer
    }

    /// Lets the user choose; gives the option's index. A single option is chosen without a question.
    pub fn choose(&self, options: &[&str]) -> Result<usize, NoAnswer> {
        if options.len() == 1 {
            return Ok(0);
        }
        for (index, option) in options.iter().enumerate() {
            self.notice(&format!("({}) {option}", index + 1));
        }
        loop {
            let answer = self.ask("Enter your choice: ")?;
            if answer.is_empty() {
                continue;
            }
            let number: usize = answer.trim().parse().unwrap_or(0);
            match number.checked_sub(1).and_then(|index| options.get(index)) {
                Some(option) => {
                    self.notice(&format!("You chose {}", quoted(option)));
                    return Ok(number - 1);
                }
                None => self.warning("Invalid choice"),
            }
        }
    }

    /// Asks a question of yes or no; an empty answer is no.
    pub fn confirm(&self, question: &str) -> Result<bool, NoAnswer> {
        loop {
            let answer = self.ask(&format!("{question} [y/N]: "))?;
            match answer.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => return Ok(true),
                "n" | "no" | "" => return Ok(false),
                _ => self.warning("Invalid choice"),
            }
        }
    }

    fn question(&self, text: &str) -> Result<(), NoAnswer> {
        if !self.can_ask() {
            return Err(NoAnswer::NoTerminal);
        }
        let prefix = self.styled("wandb", Style::new().blue().bold());
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "{prefix}: {text}").and_then(|()| stderr.flush());
        Ok(())
    }
}

fn end_line() {
    let _ = writeln!(io::stderr().lock());
}

/// A text in quotes, as the official client writes it.
fn quoted(text: &str) -> String {
    if text.contains('\'') {
        format!("\"{text}\"")
    } else {
        format!("'{text}'")
    }
}

fn hidden_line() -> Result<String, NoAnswer> {
    let mut stdin = io::stdin().lock();
    let mut line = Vec::new();
    loop {
        let Ok(buffer) = stdin.fill_buf() else {
            return Err(NoAnswer::Closed);
        };
        let Some(&byte) = buffer.first() else {
            return Err(NoAnswer::Closed);
        };
        stdin.consume(1);
        match byte {
            INTERRUPT => return Err(NoAnswer::Interrupted),
            b'\n' | b'\r' => return Ok(String::from_utf8_lossy(&line).into_owned()),
            byte => line.push(byte),
        }
    }
}

/// The terminal does not show what is typed, until this is dropped. Ctrl-C comes as a byte meanwhile: a signal would end
/// us before the terminal is as it was.
struct Hidden(Termios);

impl Hidden {
    fn start() -> nix::Result<Self> {
        let original = termios::tcgetattr(io::stdin())?;
        let mut hidden = original.clone();
        hidden
            .local_flags
            .remove(LocalFlags::ECHO | LocalFlags::ECHONL | LocalFlags::ISIG);
        hidden.control_chars[SpecialCharacterIndices::VEOL as usize] = INTERRUPT;
        termios::tcsetattr(io::stdin(), SetArg::TCSADRAIN, &hidden)?;
        Ok(Self(original))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = termios::tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.0);
    }
}
