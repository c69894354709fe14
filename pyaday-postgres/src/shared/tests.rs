//! Facts about two tasks that report their progress at the same time. No reader may miss a report, because
//! nobody asks the database again for this reader.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use pyaday_core::{Package, Write};

use super::*;

/// A catalogue without packages, as it is after the transaction at this position.
fn followed(position: i64) -> Followed {
    let revision = Revision::new(1);
    Followed {
        catalogue: Catalogue::new(revision),
        point: Point { position, revision, token: 7 },
        store: StoreId::new([0; 16]),
    }
}

fn poll<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_later_confirmation_is_not_replaced_by_an_earlier_report() {
    const ROUNDS: usize = 20_000;

    let shared = Shared::new();
    let catalogue = followed(1);
    shared.publish(&mut catalogue.clone(), Instant::now());
    thread::scope(|scope| {
        let follower = scope.spawn(|| {
            for _ in 0..ROUNDS {
                shared.publish(&mut catalogue.clone(), Instant::now());
            }
        });
        while !follower.is_finished() {
            let as_of = Instant::now();
            assert!(shared.confirm(&catalogue.point, as_of));
            assert!(shared.shown().is_some_and(|shown| shown.as_of >= as_of));
        }
    });
}

#[test]
fn a_later_failure_is_not_replaced_by_an_earlier_one() {
    let shared = Shared::new();
    let earlier = Instant::now();
    let mut reader = pin!(shared.refresh());
    assert!(poll(reader.as_mut()).is_pending());
    // The control: a failure of an attempt that began before the reader came does not concern it.
    shared.fail_to_follow(earlier, Fault::Ended);
    assert!(poll(reader.as_mut()).is_pending());
    shared.fail_to_follow(Instant::now(), Fault::Standby);
    shared.fail_to_follow(earlier, Fault::Standby);
    assert!(matches!(poll(reader.as_mut()), Poll::Ready(Err(Fault::Standby))));
}

#[test]
fn a_history_that_was_loaded_before_a_confirmation_is_asked_about_again() {
    let shared = Shared::new();
    let earlier = Instant::now();
    shared.publish(&mut followed(1), earlier);
    let mut reader = pin!(shared.refresh());
    assert!(poll(reader.as_mut()).is_pending());
    assert!(poll(pin!(shared.asked.notified())).is_ready());
    // The control: nobody asks without need.
    assert!(poll(pin!(shared.asked.notified())).is_pending());

    assert!(shared.confirm(&followed(1).point, Instant::now()));
    shared.replace(&mut followed(2), earlier);
    assert!(poll(reader.as_mut()).is_pending());
    assert!(poll(pin!(shared.asked.notified())).is_ready());
}

#[test]
fn a_catalogue_that_is_made_of_what_was_published_keeps_the_index() {
    let shared = Shared::new();
    let mut followed = followed(1);
    let package = |at: usize| Package::new(&format!("package-{at}"), "").unwrap();
    followed.catalogue.create_many(&(0..2_000).map(package).collect::<Vec<_>>(), &Write::new());
    shared.publish(&mut followed, Instant::now());
    while shared.current.read(|catalogue| catalogue.index_size().is_none()) {
        thread::yield_now();
    }
    followed.catalogue.create(&package(2_000), &Write::new());
    followed.point.position += 1;
    shared.publish(&mut followed, Instant::now());
    assert!(shared.current.read(|catalogue| catalogue.index_size().is_some()));
}
