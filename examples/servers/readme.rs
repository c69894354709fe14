//! What the README shows is what happens: its console blocks are run in order.
//!
//! This needs no shell, no curl and no cargo. A line with `cargo run` starts the program that cargo
//! would start, in an empty folder; a line with `curl` becomes a request to it.

mod blocks;
mod session;
mod shell;

pub(crate) use self::blocks::{Block, blocks};
use self::session::Session;
use crate::process::SERVERS;

pub(crate) const README: &str = include_str!("../../README.md");

/// In `shell` blocks are commands that a test cannot run, and in `text` blocks what programs write later.
const LANGUAGES: [&str; 10] = [
    "caddyfile",
    "console",
    "rust",
    "rust,no_run",
    "diff",
    "shell",
    "text",
    "toml",
    "nginx",
    "apache",
];

#[test]
fn console_blocks_show_what_their_commands_print() {
    for (number, program) in SERVERS.into_iter().enumerate() {
        let mut session = Session::new(program, &format!("readme-{number}"));
        for step in blocks(README).iter().flat_map(Block::steps) {
            session.run(&step);
        }
        session.stop();
    }
}

#[test]
fn every_block_has_a_language_and_only_console_blocks_have_prompts() {
    for Block { language, line, text } in blocks(README) {
        assert!(LANGUAGES.contains(&language), "README.md:{line}: {language:?}");
        let has_prompt = text.lines().any(|line| line.starts_with("$ "));
        assert_eq!(has_prompt, language == "console", "README.md:{line}");
    }
}

#[test]
fn the_swap_of_frameworks_turns_one_example_into_the_other() {
    let diffs: Vec<_> = blocks(README).into_iter().filter(|it| it.language == "diff").collect();
    let [diff] = diffs.as_slice() else { panic!("{diffs:?}") };
    let side = |sign| -> String {
        let lines = diff.text.lines().filter_map(|line| line.strip_prefix([' ', sign]));
        lines.map(|line| format!("{line}\n")).collect()
    };
    assert_eq!(side('-'), code(include_str!("../mount-axum.rs")));
    assert_eq!(side('+'), code(include_str!("../mount-actix.rs")));
    let is_shown = |block: &Block<'_>| block.text == side('-');
    assert!(blocks(README).iter().any(is_shown), "the README shows mount-axum.rs");
}

/// A file without the comment at its beginning.
fn code(file: &str) -> &str {
    file.split_once("\n\n").unwrap().1
}
