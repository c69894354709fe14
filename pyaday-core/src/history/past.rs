//! Answers about the past, which a store may not have.

/// The answer to a question about the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past<T> {
    /// The answer.
    Known(T),
    /// The store cannot answer.
    Unknown(NoHistory),
}

impl<T> Past<T> {
    /// Applies a function to the answer.
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Past<U> {
        match self {
            Self::Known(answer) => Past::Known(of(answer)),
            Self::Unknown(why) => Past::Unknown(why),
        }
    }

    /// The answer, or why there is none.
    ///
    /// # Errors
    /// The store cannot answer.
    pub fn known(self) -> Result<T, NoHistory> {
        match self {
            Self::Known(answer) => Ok(answer),
            Self::Unknown(why) => Err(why),
        }
    }
}

/// Why a store cannot answer a question about the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoHistory {
    /// The store keeps no history.
    NotKept,
    /// The revision is before the beginning of the store's log, or it belongs to another history.
    Forgotten,
    /// The revision is greater than the newest one.
    NotYet,
}
