//! What is wrong with the options that say who may use a server.
//!
//! No message repeats a token, or anything that may be one by mistake, such as the path of a token file.

use std::io;
use std::net::SocketAddr;

use pyaday_core::InvalidValue;

/// Why the options about access cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// Anyone who can reach the address could write.
    #[error(
        "other machines may reach {address}, and anyone who does could change the catalogue: give a \
         token for writes with `--token-file FILE` or PYADAY_TOKEN, or refuse all writes with \
         `--read-only`, or let everyone write with `--open`; or listen on 127.0.0.1"
    )]
    Exposed {
        /// The address that was taken.
        address: SocketAddr,
    },
    /// `--open` and a token.
    #[error(
        "`--open` lets everyone read and write, so it cannot be used with a token: omit one of them"
    )]
    OpenWithToken,
    /// A token for reads, and none for writes.
    #[error(
        "there is a token for reads and none for writes: give one with `--token-file FILE` or \
         PYADAY_TOKEN, or refuse all writes with `--read-only`"
    )]
    NobodyWrites,
    /// A token file and a variable for the same purpose.
    #[error("`{option}` and {variable} are both given: omit one of them")]
    TwoSources {
        /// The option that names a file.
        option: &'static str,
        /// The environment variable that holds a token.
        variable: &'static str,
    },
    /// A token file cannot be read.
    #[error("cannot read the file that `{option}` names")]
    Unreadable {
        /// The option that names the file.
        option: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// There are only comments and empty lines.
    #[error("there is no token in {origin}")]
    NoToken {
        /// Where the token should be.
        origin: String,
    },
    /// A line is not a token.
    #[error("line {line} of {origin}: {rule}")]
    Token {
        /// Where the token is.
        origin: String,
        /// The number of the line, from 1.
        line: usize,
        /// The rule that the line breaks.
        rule: String,
    },
    /// A token is there twice.
    #[error("a token in {origin} is the same as another one: each must be there once")]
    Repeated {
        /// Where the second one is.
        origin: String,
    },
    /// The actor who stands for unknown tokens has no valid name.
    #[error("the name of unknown tokens {0}")]
    Unknown(InvalidValue),
    /// A host cannot be one.
    #[error("the host {host:?} of `--hosts` {rule}")]
    Host {
        /// What was given.
        host: String,
        /// The rule that it breaks.
        rule: InvalidValue,
    },
    /// An origin cannot be one.
    #[error("the origin {origin:?} of `--cors` {rule}")]
    Origin {
        /// What was given.
        origin: String,
        /// The rule that it breaks.
        rule: InvalidValue,
    },
    /// `*` beside other origins.
    #[error(
        "`--cors *` lets the pages of every origin read, so no other origin can be given with it"
    )]
    AnyOriginAndOthers,
}
