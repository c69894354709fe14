//! The identity of a store.

use std::fmt;

use siphasher::sip128::SipHasher24;

use super::seed::Seed;

/// The identity of a store's history: 128 random bits, shown as a UUID
/// ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562), version 4).
///
/// Each new store has a different identity, and a store that is opened again has the same one. The
/// entries of feeds are named after it, so their names do not depend on the address of the service.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StoreId([u8; 16]);

impl StoreId {
    /// Draws the identity of a new store.
    #[must_use]
    pub fn random() -> Self {
        Self(uuid_of(Seed::random().bits().first_chunk().copied().unwrap_or_default(), 4))
    }

    /// Makes the identity from the bytes that [`bytes`](Self::bytes) returned.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// The UUID that stands for `name` in this store. It has version 8 (RFC 9562 §5.8), and its
    /// bits are the 128-bit SipHash-2-4 of `name`, with the identity as the key.
    pub(crate) fn uuid(self, name: &str) -> String {
        let hash = SipHasher24::new_with_key(&self.0).hash(name.as_bytes());
        Self(uuid_of(hash.as_bytes(), 8)).to_string()
    }
}

/// Sets the bits that mark the version and the variant of a UUID.
fn uuid_of(mut bytes: [u8; 16], version: u8) -> [u8; 16] {
    bytes[6] = bytes[6] & 0x0f | version << 4;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}

impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreId({self})")
    }
}
