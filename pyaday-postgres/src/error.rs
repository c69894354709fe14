//! Why a store cannot be set up, and what becomes of a call when the database fails.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use pyaday_core::StoreError;
use tokio_postgres::error::{DbError, Severity, SqlState};

/// When a call should come again that the database was not there for.
const RETRY: Duration = Duration::from_secs(1);

/// Why a store cannot be set up: nothing that passes by itself.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL is none of PostgreSQL's.
    #[error("the URL of the database cannot be read: it is `postgres://USER@HOST:PORT/DATABASE`")]
    Url {
        /// The cause.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The URL asks for something that a store does not do.
    #[error("the URL of the database {fault}")]
    Unsupported {
        /// What, and what to do instead; in words that follow "the URL".
        fault: &'static str,
    },
    /// No schema can have this name.
    #[error("the schema {schema:?} {rule}")]
    SchemaName {
        /// What was given.
        schema: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// The database does not let the store in.
    #[error(
        "the database refuses the connection: check the user, the password and the database's name"
    )]
    Refused {
        /// The cause.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The user may not make or use the tables.
    #[error("the database's user may not use the schema: let it create one, or make it the owner")]
    Forbidden {
        /// The cause.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Texts of other encodings would not come back as they were.
    #[error("the database's encoding is {found}: create it with UTF8")]
    Encoding {
        /// The encoding.
        found: String,
    },
    /// The schema holds something else.
    #[error("the schema has tables of another application: name another schema")]
    Foreign {
        /// The cause.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// A newer release has changed the tables so that this one cannot use them.
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
    /// Of a URL that the parser does not take.
    ///
    /// What the parser says stays only if it is about the value of a parameter that it knows. It repeats
    /// the name of one that it does not know, which may be a part of a password after an `&`.
    pub(crate) fn of_url(error: tokio_postgres::Error) -> Self {
        let says = error.source().map(ToString::to_string).unwrap_or_default();
        let is_safe = says.starts_with("invalid value for option `");
        let source: Arc<dyn Error + Send + Sync> =
            if is_safe { Arc::new(error) } else { Arc::new(UnreadableUrl) };
        Self::Url { source }
    }
}

/// What is wrong with a URL, without a word of it.
#[derive(Debug, thiserror::Error)]
#[error(
    "it has a parameter that is not known, or that has no value; in a name or a password, write each of \
     `%&=?/:@#` percent-encoded, such as `%26` for `&`"
)]
struct UnreadableUrl;

/// What went wrong with the database.
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

    /// What it means for setting up a store, if it is nothing that passes.
    pub(crate) fn final_cause(&self) -> Option<ConnectError> {
        let error = match self {
            Self::Unusable(cause) => return Some(ConnectError::clone(cause)),
            Self::Database(error) => error,
            _ => return None,
        };
        let source = Arc::clone(error);
        match error.code()? {
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

    /// True if the same may be tried again at once: it was rolled back because of what others did.
    pub(crate) fn is_collision(&self) -> bool {
        matches!(self, Self::Moved)
            || self.code().is_some_and(|code| {
                *code == SqlState::T_R_SERIALIZATION_FAILURE
                    || *code == SqlState::T_R_DEADLOCK_DETECTED
            })
    }

    /// True if it took too long, here or for the server.
    pub(crate) fn is_late(&self) -> bool {
        matches!(self, Self::Late(_)) || self.code() == Some(&SqlState::QUERY_CANCELED)
    }

    /// True if the connection can be used further: the server has said what it minds, and neither
    /// that it goes (class 57) nor that it is no primary (25006).
    pub(crate) fn leaves_connection(&self) -> bool {
        let Self::Database(error) = self else {
            return matches!(self, Self::Moved | Self::Damaged(_));
        };
        let is_error = |error: &DbError| error.parsed_severity() == Some(Severity::Error);
        let lasts = !matches!(self.class(), "08" | "25" | "57" | "58" | "XX");
        !error.is_closed() && error.as_db_error().is_some_and(is_error) && lasts
    }

    /// True if an error in the answer to `COMMIT` says that the transaction was rolled back: for what it
    /// holds (23), for what others did (40, but for 40003, by which the server itself does not know), or
    /// for want of the lock that tells others of it (55).
    pub(crate) fn is_rollback(&self) -> bool {
        self.leaves_connection()
            && matches!(self.class(), "23" | "40" | "55")
            && self.code() != Some(&SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN)
    }

    /// What a caller is told of a call that surely had no effect.
    pub(crate) fn refused(&self) -> StoreError {
        let source = Box::new(self.clone());
        match (self, self.class()) {
            (Self::Damaged(_) | Self::Unusable(_) | Self::Bug, _)
            | (_, "22" | "23" | "42" | "54") => StoreError::Internal { source },
            _ => StoreError::Unavailable { retry_after: RETRY, source },
        }
    }

    /// What a caller is told of a write that may have happened.
    pub(crate) fn unknown(&self) -> StoreError {
        StoreError::OutcomeUnknown { source: Box::new(self.clone()) }
    }
}
