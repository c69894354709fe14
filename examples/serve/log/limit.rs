//! How often a line of one kind is written.

use std::collections::HashMap;
use std::fmt;
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::format::is_unlimited;

/// How many lines of one kind are written in a [`PERIOD`].
const MOST: u64 = 20;

const PERIOD: Duration = Duration::from_secs(1);

/// How long a kind is remembered of which there are no lines.
const MEMORY: Duration = Duration::from_secs(10);

/// Lets so many lines of each kind pass, and counts the others.
///
/// Lines are of one kind if the same place in the code writes them and they are about the same type of
/// problem. So the number of kinds is bounded, and a flood of one kind does not hide another.
#[derive(Default)]
pub(super) struct Limit {
    kinds: Mutex<HashMap<(Identifier, String), Kind>>,
}

struct Kind {
    message: String,
    since: Instant,
    /// How many lines there were since then.
    lines: u64,
    /// How many lines were not written and not reported.
    withheld: u64,
}

/// What identifies the kind of an event.
#[derive(Default)]
struct Facts {
    message: String,
    problem: String,
}

impl Visit for Facts {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "problem" {
            value.clone_into(&mut self.problem);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}

impl Limit {
    /// What to say about the lines that were not written since this was last called.
    pub(super) fn withheld(&self) -> Vec<String> {
        let mut kinds = self.kinds();
        kinds.retain(|_, kind| kind.withheld > 0 || kind.since.elapsed() < MEMORY);
        let lines = kinds.iter_mut().filter(|(_, kind)| kind.withheld > 0).map(|(key, kind)| {
            let about = if key.1.is_empty() { "" } else { ", problem=" };
            let (count, message) = (counted(take(&mut kind.withheld)), &kind.message);
            format!("… {count} more like this: {message}{about}{}", key.1)
        });
        lines.collect()
    }

    fn admits(&self, event: &Event<'_>) -> bool {
        let mut facts = Facts::default();
        event.record(&mut facts);
        let Facts { message, problem } = facts;
        let mut kinds = self.kinds();
        let kind = kinds.entry((event.metadata().callsite(), problem)).or_insert_with(|| Kind {
            message,
            since: Instant::now(),
            lines: 0,
            withheld: 0,
        });
        if kind.since.elapsed() >= PERIOD {
            (kind.since, kind.lines) = (Instant::now(), 0);
        }
        kind.lines += 1;
        if kind.lines > MOST {
            kind.withheld += 1;
        }
        kind.lines <= MOST
    }

    /// A panic while the lock is held leaves counts, which are as good as before.
    fn kinds(&self) -> MutexGuard<'_, HashMap<(Identifier, String), Kind>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The limit as a part of a subscriber.
pub(super) struct Limited(pub(super) Arc<Limit>);

impl<S: Subscriber> Layer<S> for Limited {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        is_unlimited(event.metadata()) || self.0.admits(event)
    }
}

/// A number with a comma before each three digits.
pub(super) fn counted(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_a_comma_before_each_three_digits() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (12_000, "12,000"), (1_234_567, "1,234,567")]
        {
            assert_eq!(counted(number), text);
        }
    }
}
