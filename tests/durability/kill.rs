//! A process that is killed at any moment.

use pyaday_tests::numbers::Numbers;

use crate::support::files;
use crate::support::tools::cycles;
use crate::support::verifier::Verifier;
use crate::support::writer_process::{Task, WriterProcess};

const WRITERS: u32 = 4;

#[test]
fn a_killed_process_loses_no_acknowledged_write() {
    for (cycle, found) in cycles_of(false).take(cycles(50) as usize).enumerate() {
        found.unwrap_or_else(|complaint| panic!("cycle {cycle}: {complaint}"));
    }
}

#[test]
fn a_killed_process_that_acknowledged_too_early_is_detected() {
    assert!(cycles_of(true).take(200).any(|found| found.is_err()));
}

/// What the verifier found in one file after each kill.
fn cycles_of(answers_early: bool) -> impl Iterator<Item = Result<(), String>> {
    let path = files::fresh("killed");
    let mut verifier = Verifier::of(WRITERS);
    let mut numbers = Numbers::new(1);
    (0..).map(move |cycle| {
        let from = cycle * 1_000_000;
        let task = Task { path: &path, writers: WRITERS, from, to: u64::MAX, answers_early };
        let mut writer = WriterProcess::start(&task);
        // A kill while it opens the file now and then.
        writer.pass_lines(&mut verifier, numbers.below(300));
        writer.kill(&mut verifier);
        verifier.examine(&path)
    })
}
