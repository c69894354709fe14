//! The options of the log.

use std::str::FromStr;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use tracing_subscriber::filter::{LevelFilter, Targets};

use super::{ACCESS, TOLD};

/// What to log, and in which form.
#[derive(Args, Clone, Debug, Default)]
pub struct LogOptions {
    /// What to log: `off`, `error`, `warn`, `info`, `debug` or `trace`
    ///
    /// It goes to standard error. At `debug`, there is a line for each request. Other programs' parts
    /// are logged from `warn` on; `info,hyper=debug` names the levels of single parts. Messages about
    /// the start and the end are always written.
    #[arg(long, env = "PYADAY_LOG", value_name = "LEVEL", default_value = "info")]
    pub log: LogFilter,

    /// The form of the lines on standard error
    #[arg(
        long,
        env = "PYADAY_LOG_FORMAT",
        value_name = "FORMAT",
        value_enum,
        default_value = "text"
    )]
    pub log_format: LogFormat,

    /// Log each request: its method, path, status, size, duration and who sent it, if that is known
    ///
    /// The path is logged without its query, and no field of the request is.
    #[arg(long, env = "PYADAY_ACCESS_LOG", value_parser = BoolishValueParser::new())]
    pub access_log: bool,
}

impl LogOptions {
    pub(super) fn targets(&self) -> Targets {
        let access = if self.access_log { LevelFilter::INFO } else { LevelFilter::OFF };
        self.log.0.clone().with_target(ACCESS, access).with_target(TOLD, LevelFilter::TRACE)
    }
}

/// The form of the lines of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// An object of JSON in each line.
    Json,
}

/// What is logged: a level, or a level and those of some parts of the program.
#[derive(Clone, Debug)]
pub struct LogFilter(Targets);

impl Default for LogFilter {
    fn default() -> Self {
        Self::of(LevelFilter::INFO)
    }
}

impl LogFilter {
    fn of(level: LevelFilter) -> Self {
        let others = level.min(LevelFilter::WARN);
        Self(Targets::new().with_default(others).with_target("pyaday", level))
    }
}

impl FromStr for LogFilter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        // To tracing-subscriber, nothing is the level `error`, and a word that is no level is a part of the
        // program, all of which is to be logged.
        let level = |part: &str| part.parse::<LevelFilter>().ok().filter(|_| !part.is_empty());
        if let Some(level) = level(text) {
            return Ok(Self::of(level));
        }
        let is_known = |part: &str| part.contains('=') || level(part).is_some();
        let targets = text.parse().ok().filter(|_| text.split(',').all(is_known));
        targets.map(Self).ok_or(
            "it must be off, error, warn, info, debug or trace, or a list such as info,hyper=debug",
        )
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn a_level_is_for_this_program_and_others_log_at_most_warnings() {
        let options = |text: &str| LogOptions {
            log: text.parse().unwrap_or_default(),
            ..LogOptions::default()
        };
        let debug = options("debug").targets();
        assert!(debug.would_enable("pyaday_core", &Level::DEBUG));
        assert!(debug.would_enable("pyaday_examples::gate", &Level::DEBUG));
        assert!(debug.would_enable("hyper", &Level::WARN));
        assert!(!debug.would_enable("hyper", &Level::INFO));
        assert!(!debug.would_enable("pyaday_access", &Level::INFO));
        let off = options("off").targets();
        assert!(!off.would_enable("pyaday_core", &Level::ERROR));
        assert!(!off.would_enable("hyper", &Level::ERROR));
        assert!(off.would_enable("pyaday_told", &Level::INFO));
        let list = options("error,hyper=debug").targets();
        assert!(list.would_enable("hyper", &Level::DEBUG));
        assert!(!list.would_enable("pyaday_core", &Level::WARN));
        let access = LogOptions { access_log: true, ..options("off") };
        assert!(access.targets().would_enable("pyaday_access", &Level::INFO));
        for wrong in ["loud", "info,hyper", "info,hyper=loud", ""] {
            assert!(wrong.parse::<LogFilter>().is_err(), "{wrong}");
        }
    }
}
