//! A fault at each single system call of a store, one after the other.

use std::collections::BTreeMap;
use std::{fs, thread};

use crate::support::files;
use crate::support::tools::{Tool, are_there};
use crate::support::verifier::Verifier;
use crate::support::writer_process::{Task, WriterProcess};

/// The system calls of a store that change what is on the disk.
const CALLS: [&str; 5] = ["pwrite64", "fsync", "fdatasync", "ftruncate", "unlink"];

/// What happens instead of a call; with a plus, instead of all that follow too. The last is what a
/// file system says that was turned read-only.
const FAULTS: [&str; 5] =
    ["signal=KILL", "error=EIO", "error=ENOSPC", "error=EIO+", "error=EROFS+"];

#[test]
fn no_fault_of_any_system_call_loses_an_acknowledged_write() {
    if are_there("a fault at each call", &[Tool::Program("strace")]) {
        // A process that is traced waits most of the time.
        thread::scope(|scope| {
            for fault in FAULTS {
                scope.spawn(move || a_fault_at_each_call(fault));
            }
        });
    }
}

fn a_fault_at_each_call(fault: &str) {
    let mut calls = BTreeMap::new();
    for call in CALLS {
        for number in 1.. {
            match meets(call, fault, number, false) {
                Ok(true) => calls.insert(call, number),
                Ok(false) => break,
                Err(complaint) => panic!("{fault} at {call} {number}: {complaint}"),
            };
        }
    }
    // A store that asks for nothing would meet no fault.
    assert!(calls["pwrite64"] > 50 && calls["fsync"] > 20, "{fault}: {calls:?}");
    assert!(calls["ftruncate"] > 1 && calls["unlink"] > 1, "{fault}: {calls:?}");
}

#[test]
fn a_system_call_fault_after_a_too_early_acknowledgement_is_detected() {
    if are_there("a control of faults", &[Tool::Program("strace")]) {
        for fault in FAULTS {
            assert!((1..).any(|number| match meets("fsync", fault, number, true) {
                Ok(true) => false,
                Ok(false) => panic!("{fault} was never found out"),
                Err(_) => true,
            }));
        }
    }
}

/// Runs a writer with a fault at its n-th call of a kind. Whether there were that many calls; the
/// complaint of the verifier is the error.
fn meets(call: &str, fault: &str, number: u32, answers_early: bool) -> Result<bool, String> {
    let path = files::fresh("crash");
    let trace = path.with_extension("trace");
    let (fault, on) = fault.strip_suffix('+').map_or((fault, ""), |fault| (fault, "+"));
    let strace = [
        "strace",
        "-f",
        "-qq",
        "-o",
        trace.to_str().unwrap(),
        "-e",
        &format!("trace={call}"),
        "-e",
        &format!("inject={call}:{fault}:when={number}{on}"),
    ];
    let mut verifier = Verifier::of(1);
    // As many steps as make every kind of write, and the closing of the file.
    let task = Task { path: &path, writers: 1, from: 0, to: 24, answers_early };
    let ended = WriterProcess::start_under(&strace, &task).end(&mut verifier);
    let injected = fs::read_to_string(&trace).unwrap().contains("(INJECTED)");
    let found = verifier.examine(&path).map(|()| injected || !ended);
    files::remove(&path);
    drop(fs::remove_file(&trace));
    found
}
