//! What can be imported: files as people have them, and what becomes of their rows.

mod engine;
mod files;
mod http;
