//! What a function's processes print, its last lines at least.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// How many lines are kept.
const LINES: usize = 2_000;

/// The last lines that the processes printed.
#[derive(Debug, Clone, Default)]
pub(super) struct Logs(Arc<Mutex<VecDeque<String>>>);

impl Logs {
    /// Keeps what comes out of a pipe, until it closes.
    pub(super) fn follow(&self, pipe: Option<impl AsyncRead + Unpin + Send + 'static>) {
        let Some(pipe) = pipe else { return };
        let logs = self.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(pipe).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                logs.add(line);
            }
        });
    }

    /// All lines kept.
    pub(super) fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    fn add(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}
