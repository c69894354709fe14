//! The operations.

mod decode;
mod encode;
mod execute;
mod feed;
mod respond;

pub use decode::{Command, decode};
pub use encode::encode;
pub use execute::{Outcome, execute};
pub use feed::FeedFormat;
pub use respond::{
    create_package, delete_package, list_packages, list_pins, patch_package, pin_day,
    read_atom_feed, read_day, read_json_feed, read_openapi, read_package, read_pin,
    read_random_package, read_today, respond, unpin_day, update_package,
};
