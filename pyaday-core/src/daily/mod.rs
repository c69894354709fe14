//! The package of the day: the journal of past days, the pins of future days, and the rule of the
//! pick.
//!
//! # The pick
//!
//! Every implementation picks the same package from the same catalogue and journal:
//!
//! 1. If the date is pinned and the pinned package exists, that package is picked. The pin is
//!    removed in any case.
//! 2. Otherwise the candidates are the packages whose normalised names do not occur in the current
//!    cycle of the journal. The candidate with the highest score is picked. The current cycle is
//!    the cycle of the entry that was written last. Before the first entry it is cycle 1.
//! 3. If there are no such packages, a new cycle begins with the next number. The candidates are
//!    now all packages except the package of the day before and the package of the day after, if
//!    those days are open. If that leaves no candidate, the package of the day after becomes a
//!    candidate, and then the package of the day before. The candidate with the highest score is
//!    picked.
//! 4. If several candidates have the highest score, the one whose normalised name is first in byte
//!    order is picked.
//!
//! The **score** of a package on a date is the 64-bit SipHash-2-4 of its normalised name (ASCII,
//! without a terminator), compared as an unsigned number. The key has 16 bytes: the date in the
//! form of ISO 8601 (ten ASCII bytes, `2026-11-23`) and six zero bytes. Bytes 0 to 7 are `k0` and
//! bytes 8 to 15 are `k1`. Both are little-endian, as in the reference implementation.
//!
//! | date | normalised name | score |
//! |---|---|---|
//! | 2026-11-23 | flask | 0x836823c0ad8aa76b |
//! | 2026-11-23 | sanic | 0xfba34c91a43674af |
//! | 2026-11-23 | zope-interface | 0xc86183475bf73c7b |
//! | 2024-02-29 | flask | 0xaaba3e4ef56efac1 |
//!
//! The rule has three consequences. The pick of one day says nothing about the pick of the next
//! day. Adding one package to a hundred changes about one pick in a hundred. A curator cannot get a
//! package picked for a chosen day, except by trying many names.

mod date;
mod day;
mod journal;
mod pick;
mod pin;
mod rule;

pub use day::{Daily, Day};
pub use pick::{Opening, Pick};
pub use pin::{Pin, Pinned, Unpin};
pub use rule::score;

pub use date::Date;
pub(crate) use date::{rfc3339, seconds, seconds_to_midnight};
pub(crate) use journal::Journal;
pub(crate) use pick::{Choice, Made};
