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
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(Reading { peak_rss_kib: peak(&status)?, cpu: cpu(&stat)? })
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

fn cpu(stat: &str) -> Option<Duration> {
    /// Linux counts processor time in hundredths of a second, for whoever looks from outside.
    const TICK: Duration = Duration::from_millis(10);
    // The second field is the program's name, which may contain anything; what follows the last bracket does not.
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

#[cfg(test)]
mod tests {
    use super::{Reading, cpu, peak};
    use std::time::Duration;

    #[test]
    fn memory_and_processor_time_are_read_from_proc() {
        assert_eq!(peak("Name:\tx\nVmPeak:\t  9 kB\nVmHWM:\t   12345 kB\n"), Some(12_345));
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 100 0 0 0 12 30 0 0 20 0 1 0 5 6 7";
        assert_eq!(cpu(stat), Some(Duration::from_millis(420)));
        assert!(Reading::of(std::process::id()).is_some_and(|reading| reading.peak_rss_kib > 0));
        assert!(Reading::of(u32::MAX).is_none());
    }
}
