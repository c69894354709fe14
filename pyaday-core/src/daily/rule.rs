//! The score that decides the pick.

use siphasher::sip::SipHasher24;

use super::date::Date;
use crate::package::NormalizedName;

/// The score of a package on a date. The package with the highest score is [picked](crate::daily).
#[must_use]
pub fn score(date: Date, name: &NormalizedName) -> u64 {
    scores(date).hash(name.as_str().as_bytes())
}

pub(super) fn scores(date: Date) -> SipHasher24 {
    let mut key = [0; 16];
    for (to, from) in key.iter_mut().zip(date.to_string().bytes()) {
        *to = from;
    }
    SipHasher24::new_with_key(&key)
}
