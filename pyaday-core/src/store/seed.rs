//! The randomness of a draw.

use std::cell::RefCell;

use rand::Rng;
use rand::rngs::SmallRng;

/// The randomness of one draw: 256 bits, so that no choice a store can make is out of reach.
///
/// A store seeds a generator of its own with them, so a seed decides the draw, and draws are uniform
/// as far as seeds are: each bit must be as good as any other. A counter makes bad seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed of these bits.
    #[must_use]
    pub const fn new(bits: [u8; 32]) -> Self {
        Self(bits)
    }

    /// A seed from a fast generator of the thread's own, which begins with the system's randomness:
    /// no client can foresee a draw without having seen many, and none decides a secret.
    #[must_use]
    pub fn random() -> Self {
        thread_local! {
            static GENERATOR: RefCell<SmallRng> = RefCell::new(rand::make_rng());
        }
        let mut bits = [0; 32];
        GENERATOR.with_borrow_mut(|generator| generator.fill_bytes(&mut bits));
        Self(bits)
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> [u8; 32] {
        self.0
    }
}
