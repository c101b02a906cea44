//! How far a run is, while it is at work: a bar on a terminal, else a line now and then.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use rollcall_shared::report::{Progress, RunReport};
use serde_json::json;

use super::Out;
use super::numbers::{grouped, span, units};
use crate::session::{Reader, Session};

/// How often a line is written where there is no bar.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// How often a program gets an object.
const OBJECT_EVERY: Duration = Duration::from_secs(1);

/// Shows how far a run is.
pub(crate) enum Meter {
    /// A bar on stderr.
    Bar(ProgressBar),
    /// Lines on stderr.
    Lines(Pulse),
    /// Objects on stdout.
    Objects(Pulse),
}

/// Lets news through once in a while.
pub(crate) struct Pulse {
    every: Duration,
    last: Instant,
    shown: Option<Progress>,
}

impl Pulse {
    fn every(every: Duration) -> Pulse {
        Pulse { every, last: Instant::now(), shown: None }
    }

    fn beats(&mut self, progress: &Progress) -> bool {
        let beats = self.last.elapsed() >= self.every && self.shown.as_ref() != Some(progress);
        if beats {
            (self.last, self.shown) = (Instant::now(), Some(*progress));
        }
        beats
    }
}

impl Meter {
    /// The meter that suits the session. Beside logs there is no bar: they would tear each other apart.
    pub(crate) fn for_session(session: &Session) -> Meter {
        match session.reader {
            Reader::Program => Meter::Objects(Pulse::every(OBJECT_EVERY)),
            Reader::Person if std::io::stderr().is_terminal() && !session.verbose => Meter::Bar(bar()),
            Reader::Person => Meter::Lines(Pulse::every(LINE_EVERY)),
        }
    }

    /// Shows where a run stands.
    pub(crate) fn show(&mut self, out: &mut Out, run: &RunReport) -> std::io::Result<()> {
        match self {
            Meter::Bar(bar) => {
                if let Some(expected) = run.progress.expected {
                    bar.set_length(expected.max(run.progress.done));
                }
                bar.set_position(run.progress.done);
                bar.set_message(sentence(&run.progress));
                Ok(())
            }
            Meter::Lines(pulse) => {
                if pulse.beats(&run.progress) {
                    eprintln!("{}: {}", run.connection, sentence(&run.progress));
                }
                Ok(())
            }
            Meter::Objects(pulse) => {
                if pulse.beats(&run.progress) {
                    out.json(&json!({"run": run.run, "progress": run.progress}))?;
                }
                Ok(())
            }
        }
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        if let Meter::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_bar} {msg}") {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Done, expected, the rate, the time left and the calls left, as far as they are known.
fn sentence(progress: &Progress) -> String {
    let mut text = grouped(progress.done);
    if let Some(expected) = progress.expected {
        text.push_str(&format!(" of {}", grouped(expected)));
    }
    text.push_str(&format!(" done, {}/s", units(progress.per_second)));
    if let Some(left) = time_left(progress) {
        text.push_str(&format!(", {} left", span(left)));
    }
    text.push_str(&format!(", {} calls left", grouped(progress.calls_left)));
    text
}

fn time_left(progress: &Progress) -> Option<Duration> {
    let left = progress.expected?.checked_sub(progress.done)?;
    if left == 0 || progress.per_second < 0.1 {
        return None;
    }
    Duration::try_from_secs_f64(left as f64 / progress.per_second).ok()
}

#[cfg(test)]
mod tests {
    use rollcall_shared::report::Progress;

    use super::sentence;

    #[test]
    fn says_what_is_known() {
        let known = Progress { done: 1_000, expected: Some(4_000), per_second: 100.0, calls_left: 480 };
        assert_eq!(sentence(&known), "1,000 of 4,000 done, 100/s, 30.0 s left, 480 calls left");
        let unknown = Progress { done: 10, expected: None, per_second: 0.0, calls_left: 480 };
        assert_eq!(sentence(&unknown), "10 done, 0/s, 480 calls left");
    }
}
