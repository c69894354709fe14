//! Work in several threads.

use std::sync::Mutex;
use std::{iter, thread};

/// The texts that a function makes of these items, one after the other. Several threads make them.
pub(crate) fn at_the_same_time<T: Send>(
    items: Vec<T>,
    make: &(dyn Fn(T) -> String + Sync),
) -> String {
    const THREADS: usize = 4;
    let items = Mutex::new(items.into_iter().enumerate());
    let next = || items.lock().unwrap().next();
    let work = || iter::from_fn(next).map(|(at, item)| (at, make(item))).collect::<Vec<_>>();
    let mut texts = thread::scope(|scope| {
        let threads = [(); THREADS].map(|()| scope.spawn(work));
        threads.map(|thread| thread.join().unwrap()).concat()
    });
    texts.sort_unstable();
    texts.into_iter().map(|(_, text)| text).collect()
}
