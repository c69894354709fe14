//! A machine that loses its power: everything that was not synchronised to the disk is lost.
//!
//! Lines that the writer prints after the cut do not count: they could not have left the machine.

use pyaday_tests::numbers::Numbers;

use crate::support::disk::{Disk, Kind};
use crate::support::tools::{Tool, are_there, cycles};
use crate::support::verifier::Verifier;
use crate::support::writer_process::{Task, WriterProcess};

const WRITERS: u32 = 4;

/// Runs a program so that each synchronisation succeeds without being done.
const PRETENCE: [&str; 8] = [
    "strace",
    "-f",
    "--seccomp-bpf",
    "-qq",
    "-o",
    "/dev/null",
    "-e",
    "inject=fsync,fdatasync:retval=0",
];

#[test]
fn a_power_cut_on_ext4_loses_no_acknowledged_write() {
    loses_nothing(&Kind::EXT4);
}

#[test]
fn a_power_cut_on_xfs_loses_no_acknowledged_write() {
    loses_nothing(&Kind::XFS);
}

#[test]
fn a_power_cut_with_pretended_synchronisation_is_detected() {
    if are_there("a control of power cuts", &[Tool::Program("strace")]) {
        for kind in [Kind::EXT4, Kind::XFS] {
            let Some(disk) = Disk::new(&kind, "a pretended power cut") else { return };
            assert!(cuts(&disk, &PRETENCE).take(50).any(|found| found.is_err()), "{}", kind.name);
        }
    }
}

fn loses_nothing(kind: &Kind) {
    let Some(disk) = Disk::new(kind, "a power cut") else { return };
    for (cycle, found) in cuts(&disk, &[]).take(cycles(25) as usize).enumerate() {
        found.unwrap_or_else(|complaint| panic!("cycle {cycle}: {complaint}"));
    }
}

/// What the verifier found after each cut.
fn cuts(disk: &Disk, program: &[&str]) -> impl Iterator<Item = Result<(), String>> {
    let path = disk.mounted.join("catalogue.db");
    let mut verifier = Verifier::of(WRITERS);
    let mut numbers = Numbers::new(2);
    (0..).map(move |cycle| {
        let from = cycle * 1_000_000;
        let task = Task { path: &path, writers: WRITERS, from, to: u64::MAX, answers_early: false };
        let mut writer = WriterProcess::start_under(program, &task);
        writer.pass_lines(&mut verifier, 1 + numbers.below(300));
        verifier.cut_off();
        disk.cut();
        writer.kill(&mut verifier);
        disk.mount_again();
        verifier.examine(&path)
    })
}
