//! Uploads as they go: a bar for each at a terminal, nothing otherwise.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Ui, Verbosity};

/// Most bars at once; there may be more uploads.
const BARS: usize = 8;
/// Bars that come and go within this time are not shown.
const PATIENCE: Duration = Duration::from_millis(300);

/// The bars of a command.
#[derive(Debug, Clone)]
pub struct Board {
    bars: Option<MultiProgress>,
    shown: std::sync::Arc<std::sync::atomic::AtomicUsize>,
    ui: Ui,
}

/// The bar of one upload.
#[derive(Debug)]
pub struct Bar {
    drawn: Option<ProgressBar>,
    board: Board,
    began: std::time::Instant,
    attached: std::sync::Mutex<bool>,
}

impl Board {
    /// A board on this process's stderr, if that is a terminal that can show it.
    pub fn new(ui: &Ui) -> Self {
        let able = ui.verbosity() >= Verbosity::Normal
            && console::Term::stderr().is_term()
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self {
            bars: able
                .then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10))),
            shown: std::sync::Arc::default(),
            ui: ui.clone(),
        }
    }

    /// Prints something above the bars.
    pub fn print(&self, print: impl FnOnce(&Ui)) {
        match &self.bars {
            Some(bars) => bars.suspend(|| print(&self.ui)),
            None => print(&self.ui),
        }
    }

    /// A bar with this label.
    pub fn bar(&self, label: &str) -> Bar {
        Bar {
            drawn: self.bars.is_some().then(|| {
                let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
                bar.set_prefix(label.to_owned());
                bar
            }),
            board: self.clone(),
            began: std::time::Instant::now(),
            attached: std::sync::Mutex::new(false),
        }
    }
}

impl Bar {
    /// Changes the label.
    pub fn label(&self, label: &str) {
        if let Some(bar) = &self.drawn {
            bar.set_prefix(label.to_owned());
        }
    }

    /// Bytes that are done, and all of them; `note` says what is going on.
    pub fn set(&self, done: u64, all: u64, note: &str) {
        use std::sync::atomic::Ordering;
        let Some(bar) = &self.drawn else { return };
        let mut attached = self
            .attached
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if !*attached {
            if self.began.elapsed() < PATIENCE || self.board.shown.load(Ordering::Relaxed) >= BARS {
                return;
            }
            *attached = true;
            self.board.shown.fetch_add(1, Ordering::Relaxed);
            if let Some(bars) = &self.board.bars {
                bars.add(bar.clone());
            }
            // A template that is wrong leaves indicatif's own bar.
            if let Ok(style) = ProgressStyle::with_template(
                "{prefix} {bar:24} {bytes}/{total_bytes} {bytes_per_sec} {eta} {wide_msg}",
            ) {
                bar.set_style(style);
            }
        }
        bar.set_length(all.max(done));
        bar.set_position(done);
        bar.set_message(note.to_owned());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        let attached = *self
            .attached
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let (Some(bar), true) = (&self.drawn, attached) {
            bar.finish_and_clear();
            self.board
                .shown
                .fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
}
