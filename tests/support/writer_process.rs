//! The test writer as a process.

use std::io::{BufRead, BufReader, Lines};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::support::tools::run;
use crate::support::verifier::Verifier;

/// A process that writes, in a process group of its own.
pub(crate) struct WriterProcess {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// What a writer process does.
pub(crate) struct Task<'a> {
    pub(crate) path: &'a Path,
    pub(crate) writers: u32,
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) answers_early: bool,
}

impl WriterProcess {
    pub(crate) fn start(task: &Task<'_>) -> Self {
        Self::start_under(&[], task)
    }

    /// Starts it as the argument of another program.
    pub(crate) fn start_under(program: &[&str], task: &Task<'_>) -> Self {
        let numbers =
            [u64::from(task.writers), task.from, task.to].map(|number| number.to_string());
        let program_file = env!("CARGO_BIN_EXE_test-writer");
        let mut words = program.iter().copied().chain([program_file, task.path.to_str().unwrap()]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).args(numbers).args(task.answers_early.then_some("early"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// Gives this many lines to the verifier.
    pub(crate) fn pass_lines(&mut self, verifier: &mut Verifier, lines: u64) {
        for line in self.lines.by_ref().take(lines as usize) {
            verifier.hear(&line.unwrap());
        }
    }

    /// Kills it at once. The verifier gets all lines that it had printed by then.
    pub(crate) fn kill(self, verifier: &mut Verifier) {
        let group = format!("-{}", self.process.id());
        assert!(run("kill", &["-KILL", "--", &group]), "it ended by itself");
        self.end(verifier);
    }

    /// Waits for its end. True if it came to it by itself.
    pub(crate) fn end(mut self, verifier: &mut Verifier) -> bool {
        let mut last = String::new();
        for line in self.lines {
            last = line.unwrap();
            verifier.hear(&last);
        }
        self.process.wait().unwrap();
        last.starts_with("closed")
    }
}
