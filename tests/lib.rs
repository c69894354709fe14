//! What holds on every framework and every store: facts about the crates through their public
//! doors. The tests are in `main.rs` and its modules; the requests and answers in `golden/`.
