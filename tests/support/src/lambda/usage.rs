//! What processes take of the machine, as `/proc` tells.

use std::fs;
use std::time::Duration;

/// What a function's processes took so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Invocations begun.
    pub invocations: u64,
    /// Processes started.
    pub processes: u64,
    /// The largest resident memory of any one process, in KiB.
    pub peak_rss_kib: u64,
    /// Processor time of all processes, user and system.
    pub cpu: Duration,
}

/// What one process took so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    peak_rss_kib: u64,
    cpu: Duration,
}

impl Reading {
    /// Reads what a process took; `None` when it is gone.
    pub(super) fn of(pid: u32) -> Option<Reading> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
        // A thread may end while they are looked at.
        let times = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("schedstat")).ok());
        Some(Reading { peak_rss_kib: peak(&status)?, cpu: times.filter_map(|times| on_processor(&times)).sum() })
    }
}

impl Usage {
    /// Adds what a process took since an earlier reading of it.
    pub(super) fn add(&mut self, earlier: Reading, now: Reading) {
        self.peak_rss_kib = self.peak_rss_kib.max(now.peak_rss_kib);
        self.cpu += now.cpu.saturating_sub(earlier.cpu);
    }
}

fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// How long a thread was on a processor (Linux: "Scheduler statistics", `/proc/PID/schedstat`): to the nanosecond, where
/// `/proc/PID/stat` counts in hundredths of a second.
fn on_processor(schedstat: &str) -> Option<Duration> {
    schedstat.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::{Reading, on_processor, peak};
    use std::time::Duration;

    #[test]
    fn memory_and_processor_time_are_read_from_proc() {
        assert_eq!(peak("Name:\tx\nVmPeak:\t  9 kB\nVmHWM:\t   12345 kB\n"), Some(12_345));
        assert_eq!(on_processor("143544451 88129620 47\n"), Some(Duration::from_nanos(143_544_451)));
        assert!(Reading::of(std::process::id()).is_some_and(|reading| reading.peak_rss_kib > 0));
        assert!(Reading::of(u32::MAX).is_none());
    }
}
