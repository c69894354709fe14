//! The command line, each option of which is an environment variable too.

use std::env;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process;

use clap::Parser;

use crate::OnExisting;
use crate::url::{Url, without_user_info};

/// Serves a catalogue of Python packages over HTTP.
///
/// Once it can answer, it prints `listening on` and its URL, the only line on standard output.
/// SIGTERM or SIGINT (Ctrl-C) ends it, after the requests that were begun.
#[derive(Debug, Parser)]
pub struct Arguments {
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
    #[arg(long, env = "PYADAY_PUBLIC_URL", hide_env_values = true, value_name = "URL")]
    pub public_url: Option<String>,

    /// Where the packages are kept: `sqlite:PATH` is a file, `postgres://USER@HOST/DATABASE` a database
    /// of PostgreSQL, `memory:` is gone when the server ends
    #[arg(
        long,
        env = "PYADAY_STORE",
        hide_env_values = true,
        value_name = "URL",
        default_value = "sqlite:pyaday.db"
    )]
    pub store: Url,

    /// A file of packages to add before serving, `-` for standard input
    ///
    /// It is TSV or CSV with a header: `name`, `summary` (or `short_desc`) and, if there is one,
    /// `tags` are what they say, all other columns become metadata. Or it is JSON: objects with these
    /// members, one a line or in an array, pages as the server answers them, or PyPI's. Rows that
    /// are no package are reported and the others are added.
    #[arg(long, env = "PYADAY_IMPORT", value_name = "FILE")]
    pub import: Option<PathBuf>,

    /// What the import does with packages that exist already
    #[arg(
        long,
        env = "PYADAY_ON_EXISTING",
        value_name = "WHAT",
        value_enum,
        default_value = "skip"
    )]
    pub on_existing: OnExisting,
}

impl Arguments {
    /// The options of this process. If they cannot be used, then it ends with a message; if it was
    /// asked for help, then with that.
    #[must_use]
    pub fn of_process() -> Self {
        Self::try_parse().unwrap_or_else(|error| {
            if !error.use_stderr() {
                error.exit();
            }
            let message = hide_user_info(error.render().to_string());
            // A standard error that is closed is nothing to do about.
            let _ = io::stderr().write_all(message.as_bytes());
            process::exit(error.exit_code())
        })
    }
}

/// A message that may repeat arguments and variables, with the user information of URLs left out.
fn hide_user_info(mut message: String) -> String {
    let variables =
        env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PYADAY_"));
    let given = env::args_os().chain(variables.map(|(_, value)| value));
    for given in given {
        let given = given.to_string_lossy();
        // What comes before `=` is the name of an option. A value may have another `=` in it.
        let value = given.split_once('=').filter(|_| given.starts_with('-'));
        for text in [Some(given.as_ref()), value.map(|(_, value)| value)].into_iter().flatten() {
            let shown = without_user_info(text);
            if shown != text {
                message = message.replace(text, &shown);
            }
        }
    }
    message
}
