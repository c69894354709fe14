//! Lines about a database whose changes the server follows, when it does not hear of it any more.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::sleep;
use tracing::{error, info, warn};

use crate::gate::Gate;

/// The age of the packages in memory from which on reads are refused.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(300);

/// The age at which the database is taken to be away. The server looks ten times a second.
const LATE: Duration = Duration::from_secs(5);

/// How often the age is looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// Looks at the age of what a store shows until the store is dropped.
pub(crate) async fn follow<S>(
    gate: Weak<Gate<S>>,
    name: String,
    age: impl Fn(&S) -> Option<Duration>,
) {
    let mut stage = Stage::Current;
    while let Some(seen) = gate.upgrade().map(|gate: Arc<Gate<S>>| age(gate.store())) {
        let next = stage.next(seen);
        if next != stage {
            next.tell(&name, seen);
            stage = next;
        }
        sleep(PERIOD).await;
    }
}

/// How old the packages in memory are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Current,
    Late,
    /// Half of the time until reads are refused is over.
    Old,
    Refused,
}

impl Stage {
    /// The stage at an age. There is none while nothing is shown: that is so once they are too old, and
    /// before anything was loaded.
    fn next(self, age: Option<Duration>) -> Self {
        match age {
            None if self == Self::Current => Self::Current,
            None => Self::Refused,
            Some(age) if age < LATE => Self::Current,
            Some(age) if age < MAX_AGE / 2 => Self::Late,
            Some(age) if age < MAX_AGE => Self::Old,
            Some(_) => Self::Refused,
        }
    }

    fn tell(self, name: &str, age: Option<Duration>) {
        let age = age.unwrap_or_default();
        let (seconds, left) = (age.as_secs(), MAX_AGE.saturating_sub(age).as_secs());
        match self {
            Self::Current => info!("{name}: the database is followed again"),
            Self::Late => warn!(
                "{name}: nothing was heard of the database for {seconds} s; reads are answered from \
                 memory, and are refused in {left} s if it does not come back"
            ),
            Self::Old => warn!(
                "{name}: reads are refused in {left} s: nothing was heard of the database for \
                 {seconds} s"
            ),
            Self::Refused => error!(
                "{name}: reads are refused: nothing was heard of the database for {} s",
                MAX_AGE.as_secs()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_is_reached_once_and_a_warning_comes_before_reads_are_refused() {
        use Stage::{Current, Late, Old, Refused};

        let mut stages = vec![Current];
        let ages = (0..400).map(|seconds| (seconds < 300).then(|| Duration::from_secs(seconds)));
        for age in ages.chain([Some(Duration::ZERO)]) {
            let next = stages[stages.len() - 1].next(age);
            if stages.last() != Some(&next) {
                stages.push(next);
            }
        }
        assert_eq!(stages, [Current, Late, Old, Refused, Current]);
    }

    #[test]
    fn nothing_is_said_about_a_store_that_follows_no_database() {
        assert_eq!(Stage::Current.next(None), Stage::Current);
    }
}
