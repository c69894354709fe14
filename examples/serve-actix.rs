//! Serves a catalogue of Python packages over HTTP: `--help` lists the options.

use std::process::ExitCode;

use pyaday_examples::Actix;

fn main() -> ExitCode {
    pyaday_examples::main::<Actix>(env!("CARGO_BIN_NAME"))
}
