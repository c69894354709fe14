//! What the system says of this process, under the names that Prometheus' own libraries use.

use std::fs;

use metrics::{Unit, describe_gauge, gauge};

const OPEN: &str = "process_open_fds";
const MOST: &str = "process_max_fds";
const RESIDENT: &str = "process_resident_memory_bytes";

pub(super) fn describe() {
    describe_gauge!(OPEN, "Files and connections that the process has open.");
    describe_gauge!(MOST, "Files and connections that the process may have open.");
    describe_gauge!(RESIDENT, Unit::Bytes, "Memory that the process takes.");
}

/// Brings the figures up to date. Where there is no `/proc`, there are none.
pub(super) fn look() {
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        // One of them is the folder itself.
        set(OPEN, u32::try_from(open.count().saturating_sub(1)).ok().map(f64::from));
    }
    set(MOST, number("/proc/self/limits", "Max open files"));
    set(RESIDENT, number("/proc/self/status", "VmRSS:").map(|kilobytes| kilobytes * 1024.0));
}

fn set(name: &'static str, value: Option<f64>) {
    if let Some(value) = value {
        gauge!(name).set(value);
    }
}

/// The first number after these words at the beginning of a line.
fn number(file: &str, words: &str) -> Option<f64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(words))?;
    line.split_whitespace().next()?.parse().ok()
}
