//! The command line, each option of which is an environment variable too.

use std::path::PathBuf;

use clap::Parser;

/// Serves a catalogue of Python packages over HTTP.
///
/// Once it can answer, it prints `listening on` and its URL, the only line on standard output.
/// SIGTERM or SIGINT (Ctrl-C) ends it, after the requests that were begun.
#[derive(Debug, Parser)]
pub struct Options {
    /// Where to listen; port 0 picks a free one
    #[arg(long, env = "PYADAY_BIND", value_name = "HOST:PORT", default_value = "127.0.0.1:5000")]
    pub bind: String,

    /// The path to mount the catalogue at
    #[arg(long, env = "PYADAY_PREFIX", value_name = "PATH", default_value = "/")]
    pub prefix: String,

    /// The http or https URL that clients see before the paths of their requests, if it is not that
    /// of this server
    ///
    /// Behind a proxy: `https://example.org`, or `https://example.org/pyaday` where the proxy takes
    /// `/pyaday` away. All URLs in answers begin with it, and go on with the prefix.
    #[arg(long, env = "PYADAY_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// Where the packages are kept: `sqlite:PATH` is a file, `postgres://USER@HOST/DATABASE` a database
    /// of PostgreSQL, `memory:` is gone when the server ends
    #[arg(long, env = "PYADAY_STORE", value_name = "URL", default_value = "sqlite:pyaday.db")]
    pub store: String,

    /// A file of packages to add before serving, `-` for standard input
    ///
    /// TSV or CSV with a header: `name`, `summary` (or `short_desc`) and, if there is one, `tags`
    /// are what they say, all other columns become metadata. Or one JSON object a line, as the
    /// server answers them. Rows that are no package are reported, packages that exist stay as
    /// they are.
    #[arg(long, env = "PYADAY_IMPORT", value_name = "FILE")]
    pub import: Option<PathBuf>,
}
