//! Whether there is an order of calls that explains their answers: the search of Wing and Gong, with
//! Lowe's memory of where it has been.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::model::{Event, State};

/// How far an order has got.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Point {
    done: Vec<bool>,
    state: State,
}

/// Finds an order of the events of one package in which each answer is right. What had ended before
/// another began comes before it. Those whose outcome is unknown come anywhere after their
/// beginning, or not at all.
///
/// # Errors
/// Where the search got furthest, in words.
pub(crate) fn check(events: &[Event]) -> Result<(), String> {
    let first = Point { done: vec![false; events.len()], state: State::default() };
    let (mut open, mut seen, mut furthest) = (vec![first.clone()], HashSet::new(), first);
    while let Some(point) = open.pop() {
        if remaining(events, &point).next().is_none() {
            return Ok(());
        }
        for next in steps(events, &point) {
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
        if remaining(events, &point).count() < remaining(events, &furthest).count() {
            furthest = point;
        }
    }
    Err(unexplained(events, &furthest))
}

/// The answered events that the order still lacks.
fn remaining<'a>(events: &'a [Event], point: &'a Point) -> impl Iterator<Item = &'a Event> {
    let events = events.iter().zip(&point.done);
    events.filter(|(event, done)| !**done && event.answer.is_some()).map(|(event, _)| event)
}

/// The points after one more event; last those after one that was answered, which are tried first.
fn steps(events: &[Event], point: &Point) -> Vec<Point> {
    let earliest_end = remaining(events, point).map(|event| event.end).min();
    let mut steps: Vec<_> = (0..events.len())
        .filter(|&at| !point.done[at] && Some(events[at].begin) <= earliest_end)
        .filter_map(|at| Some((events[at].answer.is_some(), at, point.state.after(&events[at])?)))
        .collect();
    steps.sort_by_key(|(is_answered, at, _)| (*is_answered, Reverse(events[*at].end)));
    let step = |(_, at, state)| {
        let mut done = point.done.clone();
        done[at] = true;
        Point { done, state }
    };
    steps.into_iter().map(step).collect()
}

fn unexplained(events: &[Event], furthest: &Point) -> String {
    let next = remaining(events, furthest).take(12);
    let unknown = events.iter().filter(|event| event.answer.is_none());
    let lines: Vec<_> = next.chain(unknown).map(|event| format!("\n    {event}")).collect();
    let count = furthest.done.iter().filter(|done| **done).count();
    format!("after {count} calls, in {:?}, nothing explains{}", furthest.state, lines.concat())
}
