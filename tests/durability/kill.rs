//! A process that is killed at any moment.

use pyaday_tests::numbers::Numbers;

use crate::support::files;
use crate::support::tools::cycles;
use crate::support::verifier::Witness;
use crate::support::writer_process::{Scribe, Task};

const WRITERS: u32 = 4;

#[test]
fn a_killed_process_loses_nothing_that_it_acknowledged() {
    for (cycle, found) in cycles_of(false).take(cycles(200) as usize).enumerate() {
        found.unwrap_or_else(|complaint| panic!("cycle {cycle}: {complaint}"));
    }
}

#[test]
fn a_killed_process_that_answered_early_is_found_out() {
    assert!(cycles_of(true).take(200).any(|found| found.is_err()));
}

/// What the witness found behind each kill, of one file.
fn cycles_of(answers_early: bool) -> impl Iterator<Item = Result<(), String>> {
    let path = files::fresh("killed");
    let mut witness = Witness::of(WRITERS);
    let mut numbers = Numbers::new(1);
    (0..).map(move |cycle| {
        let from = cycle * 1_000_000;
        let task = Task { path: &path, writers: WRITERS, from, to: u64::MAX, answers_early };
        let mut scribe = Scribe::start(&task);
        // A kill while it opens the file now and then.
        scribe.dictate(&mut witness, numbers.below(300));
        scribe.kill(&mut witness);
        witness.examine(&path)
    })
}
