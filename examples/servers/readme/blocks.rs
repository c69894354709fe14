//! The code blocks of a Markdown file.

use std::iter::Peekable;
use std::str::Lines;

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    pub(crate) language: &'a str,
    /// The number of its first line within the file.
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// A command and what it prints.
pub(crate) struct Step {
    /// Where it is in the file.
    pub(crate) line: usize,
    pub(crate) command: String,
    /// Without the empty lines at the end.
    pub(crate) output: String,
}

pub(crate) fn blocks(markdown: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines().zip(2..);
    while let Some((line, next)) = lines.next() {
        let Some(language) = line.strip_prefix("```") else { continue };
        let content = lines.by_ref().map(|(line, _)| line).take_while(|line| *line != "```");
        let text = content.map(|line| format!("{line}\n")).collect();
        blocks.push(Block { language, line: next, text });
    }
    blocks
}

impl Block<'_> {
    /// What a console block shows; nothing of other blocks.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut lines = self.text.lines().peekable();
        let mut at = self.line;
        while self.language == "console" && lines.peek().is_some() {
            let (command, taken) = command(&mut lines);
            let command = command.strip_prefix("$ ").unwrap_or_else(|| {
                panic!(
                    "README.md:{at}: a console block begins with a command, not with {command:?}"
                )
            });
            let mut output = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
                output.push(line);
            }
            let next = at + taken + output.len();
            let output = output.join("\n").trim_end().to_owned();
            steps.push(Step { line: at, command: command.to_owned(), output });
            at = next;
        }
        steps
    }
}

/// The next line, joined with those that it is continued on, and how many these are together.
fn command(lines: &mut Peekable<Lines<'_>>) -> (String, usize) {
    let (mut command, mut taken) = (String::new(), 0);
    for line in lines {
        taken += 1;
        match line.strip_suffix('\\') {
            Some(begun) => command.push_str(begun),
            None => {
                command.push_str(line);
                break;
            }
        }
    }
    (command, taken)
}
