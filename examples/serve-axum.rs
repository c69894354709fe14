//! Serves a catalogue of Python packages over HTTP: `--help` lists the options.

use std::process::ExitCode;

use pyaday_core::Api;
use pyaday_examples::axum::serve;
use pyaday_examples::{Error, Options, Parser, Socket, open_store, report, stop_signal};

#[tokio::main]
async fn main() -> ExitCode {
    report(run(&Options::parse()).await)
}

async fn run(options: &Options) -> Result<(), Error> {
    let prefix = options.prefix.parse()?;
    // The address is taken at once, so that a mistake in it shows before a long import. Nobody can
    // connect until the packages are there.
    let socket = Socket::bind(&options.bind).await?;
    let store = open_store(&options.store, options.import.as_deref()).await?;
    let stop = stop_signal()?;
    let listener = socket.listen(&prefix)?;
    Ok(serve(listener, &prefix, &Api::new(store), stop).await?)
}
