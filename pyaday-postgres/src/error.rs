//! Errors of setting up a store, and of calls when the database fails.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pyaday_core::StoreError;
use tokio_postgres::error::{DbError, Severity, SqlState};

/// After how long a caller should try again when the database was away.
const RETRY: Duration = Duration::from_secs(1);

/// The reason why a store cannot be set up. None of these reasons passes by itself.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL is not a PostgreSQL URL.
    #[error("the URL of the database cannot be read: it is `postgres://USER@HOST:PORT/DATABASE`")]
    Url {
        /// The cause.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The URL asks for something that a store does not do.
    #[error("the URL of the database {fault}")]
    Unsupported {
        /// What it asks for, and what to do instead. The text continues a sentence that begins with
        /// "the URL of the database".
        fault: &'static str,
    },
    /// A parameter of the connection cannot be used. It is in the URL, in a service file, or in the
    /// environment.
    #[error("the parameter `{name}` of the database {fault}")]
    Parameter {
        /// The name of the parameter.
        name: &'static str,
        /// What is wrong, and what to do instead. The text continues a sentence that begins with the
        /// name.
        fault: String,
    },
    /// A file that a parameter names cannot be used.
    #[error("the file {path}, which the parameter `{name}` of the database names, cannot be used")]
    File {
        /// The name of the parameter.
        name: &'static str,
        /// The path of the file.
        path: String,
        /// The cause.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// None of the hosts has an address, and this is one of them.
    #[error("the host {host:?} of the database is not known: check its name")]
    UnknownHost {
        /// The name of the host.
        host: String,
        /// The cause.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// No safe connection to the server can be made.
    #[error(
        "no TLS connection to the database can be made: check `sslmode` and `sslrootcert`, and the \
         server's certificate; over a network that you trust, `sslmode=disable` does without TLS"
    )]
    Tls {
        /// The cause.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// A schema cannot have this name.
    #[error("the schema {schema:?} {rule}")]
    SchemaName {
        /// The name that was given.
        schema: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// The database refuses the connection.
    #[error(
        "the database refuses the connection: check the user, the password and the database's name"
    )]
    Refused {
        /// The cause.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The user may not create or use the tables.
    #[error("the database's user may not use the schema: let it create one, or make it the owner")]
    Forbidden {
        /// The cause.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The encoding of the database is not UTF8. Other encodings cannot hold every text.
    #[error("the database's encoding is {found}: create it with UTF8")]
    Encoding {
        /// The encoding.
        found: String,
    },
    /// The schema holds tables of another application.
    #[error("the schema has tables of another application: name another schema")]
    Foreign {
        /// The cause.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// A newer release has changed the tables, and this release cannot use them any more.
    #[error(
        "the schema is from a newer release (number {found}, this one knows {known}): use that \
         release"
    )]
    NewerSchema {
        /// The number of the schema.
        found: i32,
        /// The newest that this release knows.
        known: i32,
    },
}

impl ConnectError {
    /// The error for a URL that the parser refuses.
    ///
    /// The parser's error is kept only if it is about the value of a known parameter. Its error about an
    /// unknown parameter repeats the name, which may be the part of a password after an `&`.
    pub(crate) fn of_url(error: tokio_postgres::Error) -> Self {
        let says = error.source().map(ToString::to_string).unwrap_or_default();
        match says.starts_with("invalid value for option `") {
            true => Self::Url { source: Arc::new(error) },
            false => Self::unreadable(),
        }
    }

    /// The error for a URL that cannot be read.
    pub(crate) fn unreadable() -> Self {
        Self::Url { source: Arc::new(UnreadableUrl) }
    }

    pub(crate) fn file(
        name: &'static str,
        path: &Path,
        cause: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        let path = path.display().to_string();
        Self::File { name, path, source: Arc::from(cause.into()) }
    }

    #[cfg(feature = "tls")]
    pub(crate) fn tls(cause: Box<dyn Error + Send + Sync>) -> Self {
        Self::Tls { source: Arc::from(cause) }
    }
}

/// The fault of a URL, without any part of the URL.
#[derive(Debug, thiserror::Error)]
#[error(
    "it has a parameter that is not known, or that has no value; in a name or a password, write each of \
     `%&=?/:@#` percent-encoded, such as `%26` for `&`"
)]
struct UnreadableUrl;

/// The kind of an error that comes from this process and not from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Client and server do not agree on TLS, or a certificate is not accepted.
    Tls,
    /// The client refuses to log in, or has no password.
    Login,
    Other,
}

impl Kind {
    pub(crate) fn of(error: &tokio_postgres::Error) -> Self {
        // The text is all that there is to distinguish these errors.
        let says = error.to_string();
        // A handshake that is cut off is a failure of the network. rustls reports all else as data, and a
        // name that no certificate can have as input.
        let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        let kind = source.map(io::Error::kind);
        let is_refused =
            matches!(kind, None | Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput));
        // By TLS 1.3, the handshake of the client ends before the server looks at its certificate.
        let is_refused_later = kind == Some(io::ErrorKind::InvalidData)
            && says.starts_with("error communicating with the server");
        if (says.starts_with("error performing TLS handshake") && is_refused) || is_refused_later {
            Self::Tls
        } else if says.starts_with("authentication error")
            || says.starts_with("invalid configuration")
        {
            Self::Login
        } else {
            Self::Other
        }
    }
}

/// A failure of the database.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the database failed")]
    Database(#[source] Arc<tokio_postgres::Error>),
    #[error("the database did not answer within {} ms", .0.as_millis())]
    Late(Duration),
    #[error("the database was not reached yet")]
    Never,
    #[error("for {} s, nothing was heard of the database", .0.as_secs())]
    Old(Duration),
    #[error("the wait for a synchronous standby was cut short: {0}")]
    CutShort(String),
    #[error("the tables are not as they were written: {0}")]
    Damaged(String),
    #[error("the database has another history than before")]
    Moved,
    #[error("the server is a standby: have the pool ask for `target_session_attrs=read-write`")]
    Standby,
    #[error("the runtime on which the store works has ended")]
    Ended,
    #[error("the store cannot be used")]
    Unusable(#[source] Box<ConnectError>),
    #[error("a bug; the panic's message is on standard error")]
    Bug,
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<ConnectError> for Fault {
    fn from(error: ConnectError) -> Self {
        Self::Unusable(Box::new(error))
    }
}

impl Fault {
    fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Database(error) => error.code(),
            _ => None,
        }
    }

    /// The first two characters of the error's code.
    fn class(&self) -> &str {
        self.code().and_then(|code| code.code().get(..2)).unwrap_or_default()
    }

    /// The error of setting up a store, if the fault does not pass by itself.
    pub(crate) fn final_cause(&self) -> Option<ConnectError> {
        let error = match self {
            Self::Unusable(cause) => return Some(ConnectError::clone(cause)),
            Self::Database(error) => error,
            _ => return None,
        };
        let source = Arc::clone(error);
        let Some(code) = error.code() else {
            return match Kind::of(error) {
                Kind::Tls => Some(ConnectError::Tls { source }),
                Kind::Login => Some(ConnectError::Refused { source }),
                Kind::Other => None,
            };
        };
        match code {
            code if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
                Some(ConnectError::Forbidden { source })
            }
            code if *code == SqlState::INVALID_CATALOG_NAME => {
                Some(ConnectError::Refused { source })
            }
            code if *code == SqlState::UNDEFINED_COLUMN || *code == SqlState::DUPLICATE_TABLE => {
                Some(ConnectError::Foreign { source })
            }
            _ if self.class() == "28" => Some(ConnectError::Refused { source }),
            _ => None,
        }
    }

    /// True if the transaction may be tried again at once, because it collided with another one.
    pub(crate) fn is_collision(&self) -> bool {
        matches!(self, Self::Moved)
            || self.code().is_some_and(|code| {
                *code == SqlState::T_R_SERIALIZATION_FAILURE
                    || *code == SqlState::T_R_DEADLOCK_DETECTED
            })
    }

    /// True if another session has held a lock for too long.
    pub(crate) fn is_locked_out(&self) -> bool {
        self.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
    }

    /// True if a deadline of this process or of the server has passed.
    pub(crate) fn is_late(&self) -> bool {
        matches!(self, Self::Late(_)) || self.code() == Some(&SqlState::QUERY_CANCELED)
    }

    /// True if the connection can still be used: the server has reported an error, and the error is not that
    /// the server shuts down (class 57) or is read-only (25006).
    pub(crate) fn leaves_connection(&self) -> bool {
        let Self::Database(error) = self else {
            return matches!(self, Self::Moved | Self::Damaged(_));
        };
        let is_error = |error: &DbError| error.parsed_severity() == Some(Severity::Error);
        let lasts = !matches!(self.class(), "08" | "25" | "57" | "58" | "XX");
        !error.is_closed() && error.as_db_error().is_some_and(is_error) && lasts
    }

    /// True if an error in the answer to `COMMIT` means that the transaction was rolled back: because it
    /// violates a constraint (23), because it collided with another transaction (40, except for 40003, which
    /// leaves the outcome unknown), or because it did not get the lock for its notification (55).
    pub(crate) fn is_rollback(&self) -> bool {
        self.leaves_connection()
            && matches!(self.class(), "23" | "40" | "55")
            && self.code() != Some(&SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN)
    }

    /// The error of a call that certainly had no effect.
    pub(crate) fn refused(&self) -> StoreError {
        let source = Box::new(self.clone());
        match (self, self.class()) {
            (Self::Damaged(_) | Self::Unusable(_) | Self::Bug, _)
            | (_, "22" | "23" | "42" | "54") => StoreError::Internal { source },
            _ => StoreError::Unavailable { retry_after: RETRY, source },
        }
    }

    /// The error of a write that may have been carried out.
    pub(crate) fn unknown(&self) -> StoreError {
        StoreError::OutcomeUnknown { source: Box::new(self.clone()) }
    }
}
