//! The schedule: every decision of a storm and every change of the org, numbered, in words that are the same in every
//! replay.

/// The schedule of one seed.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    lines: Vec<String>,
    aloud: bool,
}

impl Schedule {
    /// A schedule; one that is told aloud prints every line as it comes.
    pub(crate) fn new(aloud: bool) -> Schedule {
        Schedule { lines: Vec::new(), aloud }
    }

    /// The number of the next step.
    pub(crate) fn step(&self) -> u64 {
        self.lines.len() as u64
    }

    pub(crate) fn note(&mut self, what: String) {
        let line = format!("{:>5}  {what}", self.lines.len());
        if self.aloud {
            println!("{line}");
        }
        self.lines.push(line);
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }
}
