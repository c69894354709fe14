//! Times.

use std::fmt;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long this thread has used a processor.
#[must_use]
pub fn processor() -> Duration {
    used(ClockId::ThreadCPUTime)
}

/// How long all threads of this process have used a processor.
#[must_use]
pub fn of_process() -> Duration {
    used(ClockId::ProcessCPUTime)
}

fn used(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    let seconds = Duration::from_secs(time.tv_sec.unsigned_abs());
    seconds + Duration::from_nanos(time.tv_nsec.unsigned_abs())
}

/// The median of these times. Zero if there are none.
#[must_use]
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The times of several queries.
#[derive(Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Adds the time of one more query.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }
}

impl FromIterator<Duration> for Times {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        Self(times.into_iter().collect())
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut times = self.0.clone();
        times.sort_unstable();
        let at = |part: f64| {
            let place = ((times.len() as f64 * part) as usize).min(times.len().saturating_sub(1));
            times.get(place).copied().unwrap_or_default().as_nanos() as f64 / 1e3
        };
        write!(
            f,
            "{} times, p50 {:.1} µs, p90 {:.1}, p99 {:.1}, p99.9 {:.1}, worst {:.1}",
            times.len(),
            at(0.5),
            at(0.9),
            at(0.99),
            at(0.999),
            at(1.0),
        )
    }
}
