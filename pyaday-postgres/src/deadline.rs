//! How long the database may take to answer.

use std::future::Future;
use std::time::Duration;

use tokio::time::timeout;

use crate::error::Fault;

/// How long the database may take for one step of reading.
pub(crate) const READ: Duration = Duration::from_secs(2);

/// The answer of the database, or [`Fault::Late`] if it does not arrive before the deadline.
pub(crate) async fn within<T>(
    deadline: Duration,
    answer: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    timeout(deadline, answer).await.unwrap_or(Err(Fault::Late(deadline)))
}
