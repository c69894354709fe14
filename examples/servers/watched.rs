//! What Linux says of a process.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use crate::process::{PATIENCE, Process};

/// Waits until a process does something about SIGTERM instead of being ended by it.
pub(crate) fn until_it_catches_signals(process: &Process) {
    const TERM: u64 = 1 << (15 - 1);

    until(process, |process| {
        let status = fs::read_to_string(process.join("status")).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:\t")).unwrap();
        u64::from_str_radix(caught, 16).unwrap() & TERM != 0
    });
}

/// Waits until a process has a file open.
pub(crate) fn until_it_has_open(process: &Process, path: &Path) {
    until(process, |process| {
        let open = fs::read_dir(process.join("fd")).unwrap().flatten();
        open.into_iter().any(|it| fs::read_link(it.path()).is_ok_and(|it| it == path))
    });
}

/// Waits until a debugger holds a thread of a process.
pub(crate) fn until_a_thread_is_held(process: &Process) {
    until(process, |process| {
        let threads = fs::read_dir(process.join("task")).unwrap().flatten();
        threads.into_iter().any(|thread| {
            let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
            status.contains("(tracing stop)")
        })
    });
}

/// Waits until a process has ended, but for threads that a debugger still holds.
pub(crate) fn until_it_has_ended(process: &Process) {
    until(process, |process| {
        let status = fs::read_to_string(process.join("status")).unwrap();
        status.contains("(zombie)")
    });
}

/// Waits until something holds for the folder in which the system describes a process.
fn until(process: &Process, holds: impl Fn(&Path) -> bool) {
    let process = PathBuf::from(format!("/proc/{}", process.id()));
    let deadline = Instant::now() + PATIENCE;
    while !holds(&process) {
        assert!(Instant::now() < deadline);
        thread::yield_now();
    }
}
