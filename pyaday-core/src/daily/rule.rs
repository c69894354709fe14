//! The score by which a package is picked.

use siphasher::sip::SipHasher24;

use super::date::Date;
use crate::package::NormalizedName;

/// How high a package scores on a date: the [pick](crate::daily) is the highest.
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
