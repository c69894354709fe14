//! Waiting for something to come about.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use super::PATIENCE;

/// By when any call must have an answer: two seconds until it is begun, and ten more.
const DEADLINE: Duration = Duration::from_secs(12);

/// How much of the time since a moment counts: a machine that stood still has not kept anybody
/// waiting.
fn counted(since: Instant) -> Duration {
    since.elapsed().min(Duration::from_secs(1))
}

/// Looks again and again until there is an answer, which it gives.
///
/// # Panics
/// When there is none for longer than anything may take.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let mut waited = Duration::ZERO;
    loop {
        let begin = Instant::now();
        if let Some(answer) = look() {
            return answer;
        }
        assert!(waited < PATIENCE, "waited in vain until {what}");
        // Whom it waits for cannot wake it: another program, which also wants the processor.
        thread::sleep(Duration::from_millis(10));
        waited += counted(begin);
    }
}

/// What a call comes to, which must be before its deadline.
///
/// # Panics
/// When there is no answer by then.
pub async fn answer<T>(call: impl Future<Output = T>) -> T {
    const LOOK: Duration = Duration::from_millis(100);

    let (mut call, mut waited) = (pin!(call), Duration::ZERO);
    loop {
        let begin = Instant::now();
        if let Ok(answer) = tokio::time::timeout(LOOK, &mut call).await {
            return answer;
        }
        waited += counted(begin);
        assert!(waited < DEADLINE, "no answer before the deadline");
    }
}

/// Polls a future once.
pub async fn is_pending(mut future: Pin<&mut impl Future>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}
