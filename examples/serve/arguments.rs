//! The command line, each option of which is an environment variable too.

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process;

use clap::builder::{BoolishValueParser, PossibleValuesParser, TypedValueParser};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, ValueEnum};
use http::Uri;
use pyaday_sqlite::sqlite_version;

use crate::url::{Url, without_user_info};
use crate::{AdminOptions, ImportOptions, LogOptions, OnExisting};

/// Serves a catalogue of Python packages over HTTP.
///
/// Once it can answer, it prints `listening on` and its URL, the only line on standard output.
/// SIGTERM, SIGINT (Ctrl-C) or SIGHUP ends it, after the requests that were begun.
///
/// If other machines can reach it, then it does not start before it is told who may change the
/// catalogue: `--token-file`, `--read-only` or `--open`.
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

    /// Files of packages to add before serving, or directories of such files; `-` for standard input
    ///
    /// It is TSV or CSV with a header: `name`, `summary` (or `short_desc`) and, if there is one,
    /// `tags` are what they say, all other columns become metadata. Or it is JSON: objects with these
    /// members, one a line or in an array, pages as the server answers them, or PyPI's. Or it is the
    /// METADATA of one package. Rows that are no package are reported and the others are added.
    ///
    /// Several files are read in the order in which they are given: one after another, as in
    /// `--import lists/*.csv`, or with commas between them. Of a directory, all files are read in the
    /// order of their names, and the METADATA of each installed package (`*.dist-info`). A file in it
    /// that is not a list of packages is reported, and the others are read. A file that was named must
    /// be a list: if it is not, the server ends.
    #[arg(
        long,
        env = "PYADAY_IMPORT",
        value_name = "FILE",
        value_delimiter = ',',
        num_args = 1..
    )]
    pub import: Vec<PathBuf>,

    /// What the import does with packages that exist already
    #[arg(
        long,
        env = "PYADAY_ON_EXISTING",
        value_name = "WHAT",
        value_parser = on_existing(),
        default_value_t
    )]
    pub on_existing: OnExisting,

    /// Let the import add packages again that were deleted after an earlier import
    ///
    /// Without it, a package that somebody has deleted stays deleted, although the file still has it.
    #[arg(long, env = "PYADAY_RESTORE_DELETED", value_parser = BoolishValueParser::new())]
    pub restore_deleted: bool,

    /// Write all packages into this file and end, without serving; `-` for standard output
    ///
    /// It is the file that `GET /export` returns. The packages are those of one moment. A file that
    /// exists is replaced when the new one is complete. With `--import`, the packages are imported first.
    #[arg(long, env = "PYADAY_EXPORT", value_name = "FILE")]
    pub export: Option<PathBuf>,

    /// The format of the export: by default CSV if the file's name ends in `.csv`, otherwise NDJSON
    #[arg(long, env = "PYADAY_EXPORT_FORMAT", value_name = "FORMAT")]
    pub export_format: Option<ExportFormat>,

    /// A file of the tokens that allow to read and write, one a line
    ///
    /// Clients send one in the field `Authorization: Bearer TOKEN`. A token has 24 to 1024 characters;
    /// `openssl rand -hex 32` makes a good one. A line may also be `NAME:TOKEN`: the name says whose
    /// token it is. Lines that begin with `#` are comments. With two tokens, clients can move from one
    /// to the other. The file is read when the server starts. Instead of a file, the environment
    /// variable PYADAY_TOKEN can hold a token.
    #[arg(long, env = "PYADAY_TOKEN_FILE", hide_env_values = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// A file of the tokens that allow to read; without one, everyone may read
    ///
    /// It is like that of `--token-file`. The environment variable PYADAY_READ_TOKEN can hold a token
    /// instead.
    #[arg(long, env = "PYADAY_READ_TOKEN_FILE", hide_env_values = true, value_name = "FILE")]
    pub read_token_file: Option<PathBuf>,

    /// Let everyone who can reach the server read and write
    ///
    /// This is the default on 127.0.0.1 and other loopback addresses, which only this machine can reach.
    #[arg(long, env = "PYADAY_OPEN", value_parser = BoolishValueParser::new())]
    pub open: bool,

    /// Refuse every request that would change something, also with a token
    #[arg(long, env = "PYADAY_READ_ONLY", value_parser = BoolishValueParser::new())]
    pub read_only: bool,

    /// The hosts that the server answers for, `*` for all; others are refused with 421
    ///
    /// A host without a port stands for all ports. The host of `--public-url` is always one of them. On
    /// a loopback address the default is `localhost`, `127.0.0.1`, `[::1]` and the host of `--bind`: a page of
    /// the Internet must not reach the server under a name of its own. Elsewhere the default is all.
    #[arg(long, env = "PYADAY_HOSTS", value_name = "NAME,…", value_delimiter = ',')]
    pub hosts: Vec<String>,

    /// An origin whose pages may use the catalogue, such as `https://example.org`; it can be repeated
    ///
    /// With `*`, pages of every origin may read, and only those of the server's own may write.
    #[arg(long, env = "PYADAY_CORS", value_name = "ORIGIN", value_delimiter = ',')]
    pub cors: Vec<String>,

    /// What to log.
    #[command(flatten)]
    pub log: LogOptions,

    /// What operators can ask.
    #[command(flatten)]
    pub admin: AdminOptions,
}

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// The representation of a package in each line.
    Ndjson,
    /// A table with a header.
    Csv,
}

impl ExportFormat {
    /// The format that the name of a file suggests.
    pub(crate) fn of(path: &Path) -> Self {
        match path.extension() {
            Some(extension) if extension.eq_ignore_ascii_case("csv") => Self::Csv,
            _ => Self::Ndjson,
        }
    }

    /// The request target of an export in this format.
    pub(crate) fn uri(self) -> Uri {
        Uri::from_static(match self {
            Self::Ndjson => "/export?format=ndjson",
            Self::Csv => "/export?format=csv",
        })
    }
}

/// Reads the value of `--on-existing`.
fn on_existing() -> impl TypedValueParser<Value = OnExisting> {
    let names = OnExisting::ALL.iter().map(|value| value.as_str());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<OnExisting>())
}

impl Arguments {
    /// The format of the export into a file of this path.
    pub(crate) fn format_of(&self, path: &Path) -> ExportFormat {
        self.export_format.unwrap_or_else(|| ExportFormat::of(path))
    }

    /// How files are imported.
    pub(crate) fn import_options(&self) -> ImportOptions {
        ImportOptions { on_existing: self.on_existing, keep_deleted: !self.restore_deleted }
    }

    /// The options of this process, which runs the program of this name. If they cannot be used, then
    /// it ends with a message; if it was asked for help or for its version, then with that.
    #[must_use]
    pub fn of_process(program: &'static str) -> Self {
        let version = format!("{}, SQLite {}", env!("CARGO_PKG_VERSION"), sqlite_version());
        let command = Self::command().name(program).version(version);
        let parsed = command.try_get_matches().and_then(|it| Self::from_arg_matches(&it));
        parsed.unwrap_or_else(|error| {
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
