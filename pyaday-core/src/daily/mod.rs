//! The package of the day: what was shown when, what is to be shown, and how it is picked.
//!
//! # The pick
//!
//! Every implementation picks the same package from the same catalogue and journal:
//!
//! 1. If the date is pinned and the pinned package exists, it is that. The pin is used up either way.
//! 2. Of the packages whose normalised names no entry of the current cycle has, it is the one with
//!    the highest score. The current cycle is that of the entry which was written last; before the
//!    first entry, cycle 1.
//! 3. If there is none, a new cycle begins, of the next number. It is the one with the highest score of
//!    all packages but those that the day before and the day after show, if these were opened. If there
//!    is no other, the one that the day after shows is not left out; if there is still no other, none is.
//! 4. Of packages with one score, it is the one whose normalised name is the first in byte order.
//!
//! The **score** of a package on a date is the 64-bit SipHash-2-4 of its normalised name (ASCII, with
//! no terminator), compared as an unsigned number. The key's 16 bytes are the date as ISO 8601 has it
//! (ten ASCII bytes, `2026-11-23`) and six zero bytes; bytes 0 to 7 are `k0`, 8 to 15 `k1`, both
//! little-endian, as the reference implementation reads them.
//!
//! | date | normalised name | score |
//! |---|---|---|
//! | 2026-11-23 | flask | 0x836823c0ad8aa76b |
//! | 2026-11-23 | sanic | 0xfba34c91a43674af |
//! | 2026-11-23 | zope-interface | 0xc86183475bf73c7b |
//! | 2024-02-29 | flask | 0xaaba3e4ef56efac1 |
//!
//! So which package is picked tells nothing about the next day, adding one package in a hundred
//! changes one pick in a hundred, and nobody who adds packages without trying many names for one day
//! gets theirs picked.

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
