//! The fact that covers all calls of several threads: some sequential order of the calls explains
//! their answers.

use std::num::NonZeroUsize;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};

use super::bench::{Bench, Checked, Fault};
use super::calls::{Answer, Call};
use super::fixtures::everything;
use super::generated::{Seen, Step, runner, step};
use super::model::Model;
use super::{Fact, Subject};
use crate::daily::Date;

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![Fact::new("calls from several threads are linearizable", linearizable)]
}

const THREADS: usize = 3;
const CALLS: usize = 5;

/// A call and its answer, with the times when the call began and ended.
struct Event {
    call: Call,
    answer: Answer,
    begin: usize,
    end: usize,
}

fn linearizable<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let mut model = Model::empty(&bench.page()?);
    let mut runner = runner(bench.subject.cases());
    let plans = vec(vec(step(), CALLS), THREADS);
    for _ in 0..bench.subject.cases() {
        let plan = plans.new_tree(&mut runner).map_err(|reason| Fault {
            done: "calls were generated".to_owned(),
            expected: "some".to_owned(),
            came: reason.to_string(),
        })?;
        let history = history(bench, &plan.current())?;
        // The final content of the store is a part of what the order must explain.
        let last = [Call::List(Box::new(everything())), Call::Pins(Date::MIN, NonZeroUsize::MAX)];
        let last = last.into_iter().map(|call| Ok((call.put(bench)?, call)));
        let last = last.collect::<Checked<Vec<_>>>()?;
        let heads: Vec<&[Event]> = history.iter().map(Vec::as_slice).collect();
        let before = model.clone();
        model = in_some_order(before, &heads, &last).ok_or_else(|| not_in_order(&history))?;
    }
    Ok(())
}

/// Lets each thread make its calls, all threads at once.
fn history<S: Subject>(bench: &Bench<'_, S>, plan: &[Vec<Step>]) -> Checked<Vec<Vec<Event>>> {
    let (barrier, clock) = (Barrier::new(plan.len()), AtomicUsize::new(0));
    let tick = || clock.fetch_add(1, Ordering::SeqCst);
    let run = |steps: &[Step]| {
        let mut seen = Seen::default();
        barrier.wait();
        let one = |step| {
            let call = seen.call(step);
            let begin = tick();
            let answer = call.put(bench)?;
            let end = tick();
            seen.note(&answer);
            Ok(Event { call, answer, begin, end })
        };
        steps.iter().map(one).collect()
    };
    let run = &run;
    thread::scope(|scope| {
        let threads: Vec<_> = plan.iter().map(|steps| scope.spawn(move || run(steps))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// Searches for an order of the events that the model accepts, and returns the model after them.
/// The events in `last` come after all others. If an event ended before another one began, it must
/// come first.
fn in_some_order(model: Model, heads: &[&[Event]], last: &[(Answer, Call)]) -> Option<Model> {
    let earliest_end = heads.iter().filter_map(|events| Some(events.first()?.end)).min();
    let Some(earliest_end) = earliest_end else {
        let mut model = model;
        let accepted = last.iter().all(|(answer, call)| model.accept(call, answer).is_ok());
        return accepted.then_some(model);
    };
    heads.iter().enumerate().find_map(|(thread, events)| {
        let (event, rest) = events.split_first()?;
        let mut model = model.clone();
        let possible =
            event.begin <= earliest_end && model.accept(&event.call, &event.answer).is_ok();
        let mut heads = heads.to_vec();
        heads[thread] = rest;
        possible.then(|| in_some_order(model, &heads, last))?
    })
}

fn not_in_order(history: &[Vec<Event>]) -> Fault {
    let mut came = String::new();
    for (thread, events) in history.iter().enumerate() {
        for Event { call, answer, begin, end } in events {
            came += &format!("\n      thread {thread} from {begin} to {end}: {call}: {answer:?}");
        }
    }
    Fault {
        done: format!("{THREADS} threads made {CALLS} calls each at once"),
        expected: "answers that some order of the calls explains".to_owned(),
        came,
    }
}
