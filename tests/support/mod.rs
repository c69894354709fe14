//! What the tests share: clients and servers, files and disks, and what other programs share too.

pub(crate) mod client;
pub(crate) mod disk;
pub(crate) mod files;
pub(crate) mod follower;
pub(crate) mod homes;
pub(crate) mod http2;
pub(crate) mod threads;
pub(crate) mod verifier;
pub(crate) mod writer_process;

pub(crate) use pyaday_tests::tools;
