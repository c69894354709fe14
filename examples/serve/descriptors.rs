//! How many files and connections the process may have open.

/// The most connections, even if the system would allow more. Each takes some tens of kilobytes.
const MOST: usize = 10_000;

/// How many descriptors are left for everything else: the store, logs, and new connections until there is
/// room for them.
const SPARE: usize = 192;

/// What to expect where the system does not say how many descriptors there may be.
const UNKNOWN: usize = 1_024;

/// Raises the number of descriptors that the process may have, as far as the system lets it. Many systems
/// begin with 1,024, for the sake of old programs.
#[cfg(unix)]
pub(crate) fn raise() {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    // `None` is a limit without end. Where that is the hard limit, the system may still refuse it as the soft one.
    let most = limit.maximum.unwrap_or((MOST + SPARE) as u64);
    if limit.current.is_some_and(|current| current < most) {
        limit.current = Some(most);
        // If the system does not allow it, then there are fewer connections.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// There is no such limit here.
#[cfg(not(unix))]
pub(crate) fn raise() {}

/// How many connections there may be.
pub(crate) fn connections() -> usize {
    let descriptors = descriptors();
    (descriptors - SPARE.min(descriptors / 2)).clamp(1, MOST)
}

#[cfg(unix)]
fn descriptors() -> usize {
    use rustix::process::{Resource, getrlimit};

    match getrlimit(Resource::Nofile).current {
        Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
        None => UNKNOWN.max(MOST + SPARE),
    }
}

#[cfg(not(unix))]
fn descriptors() -> usize {
    UNKNOWN
}
