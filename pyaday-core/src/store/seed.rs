//! The randomness of a draw.

use std::cell::RefCell;

use rand::Rng;
use rand::rngs::SmallRng;

/// The randomness of one draw. It has 256 bits, so every possible result of a draw can occur.
///
/// A store seeds a random number generator with these bits, so the seed alone decides the draw.
/// Draws are uniform only if seeds are: every bit must be equally random. The values of a counter
/// are bad seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// Makes a seed from these bits.
    #[must_use]
    pub const fn new(bits: [u8; 32]) -> Self {
        Self(bits)
    }

    /// Makes a seed with a fast generator of the current thread, which the operating system's
    /// randomness has seeded. A client cannot predict a draw unless it has seen many. Do not use
    /// seeds for secrets.
    #[must_use]
    pub fn random() -> Self {
        thread_local! {
            static GENERATOR: RefCell<SmallRng> = RefCell::new(rand::make_rng());
        }
        let mut bits = [0; 32];
        GENERATOR.with_borrow_mut(|generator| generator.fill_bytes(&mut bits));
        Self(bits)
    }

    /// Returns the bits.
    #[must_use]
    pub const fn bits(self) -> [u8; 32] {
        self.0
    }
}
