//! A reader who follows the README.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use pyaday_core::Date;

use super::blocks::Step;
use super::shell::{Command, Curl};
use crate::process::{Answer, Process, Server, command};

/// Where the README's servers listen.
const ADDRESS: &str = "127.0.0.1:5000";
const HOST: &str = "localhost:5000";

/// One program, the folder in which it is started, and what the README's values are in this run.
pub(crate) struct Session {
    program: &'static str,
    folder: PathBuf,
    server: Option<Server>,
    entity_tags: BTreeMap<String, String>,
    /// How many days after the README's today this run is.
    later: Option<i32>,
}

impl Session {
    pub(crate) fn new(program: &'static str, folder: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
        // An earlier run may have left it.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self { program, folder, server: None, entity_tags: BTreeMap::new(), later: None }
    }

    /// Does what the step says and compares what happens with what it shows.
    pub(crate) fn run(&mut self, step: &Step) {
        let (expected, shown) = match Command::read(&self.in_this_run(&step.command)) {
            Command::Serve { arguments, input } => {
                let count = step.output.lines().count();
                let shown = self.serve(&arguments, &input, count);
                (step.output.clone(), shown)
            }
            Command::Curl(curl) => self.curl(&curl, step),
        };
        let Self { program, .. } = self;
        let Step { line, command, .. } = step;
        assert!(
            shown == expected,
            "README.md:{line}: {command}\n\nREADME.md shows:\n{expected}\n\n{program} shows:\n{shown}"
        );
    }

    /// Stops the server. It must not have said anything that the README does not show.
    pub(crate) fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.process.signal("TERM");
            let ended = server.process.end();
            assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", "stopping\n"));
        }
    }

    /// Starts a server; its first lines.
    fn serve(&mut self, arguments: &[String], input: &str, lines: usize) -> String {
        self.stop();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let mut command = command(self.program, &arguments);
        command.env_remove("PYADAY_STORE").current_dir(&self.folder);
        let server = Server::listening(Process::spawn(command, input.as_bytes()));
        // The last line is on standard output, the others are on standard error.
        let mut shown: Vec<_> = (1..lines).map(|_| server.process.error_line()).collect();
        shown.push(server.line.replace(&format!("127.0.0.1:{}", server.port()), ADDRESS));
        self.server = Some(server);
        shown.join("\n")
    }

    /// Sends a request. What the README shows and what came, which must be the same.
    fn curl(&mut self, curl: &Curl, step: &Step) -> (String, String) {
        // The first block comes before the server is started: it shows one that has been started.
        let server = self.server.get_or_insert_with(|| Server::start(self.program, &[]));
        let mut client = server.connect();
        client.send(curl.request());
        let came = shown(curl, client.answer());
        self.learn(&step.output, &came);
        let mut sides = [self.in_this_run(&step.output), came];
        if ["/rand", "/daily"].contains(&curl.target()) {
            sides = sides.map(|side| self.with_any_package(&side, step.line));
        }
        let [expected, came] = sides.map(|side| comparable(&side));
        (expected, came)
    }

    /// Notes which entity tag stands here for which of the README, and which day is today.
    fn learn(&mut self, expected: &str, came: &str) {
        for (readme, here) in entity_tags(expected).into_iter().zip(entity_tags(came)) {
            let known = self.entity_tags.insert(readme.clone(), here.clone());
            assert!(known.is_none_or(|known| known == here), "{readme} stands for two versions");
        }
        let mut values: Vec<_> = self.entity_tags.values().collect();
        values.sort();
        values.dedup();
        assert_eq!(
            values.len(),
            self.entity_tags.len(),
            "two entity tags stand for one version: {:?}",
            self.entity_tags
        );
        if let (None, Some((_, readme)), Some((_, here))) = (self.later, date(expected), date(came))
        {
            let days = (-40_000..40_000).find(|days| readme.plus_days(*days) == here);
            self.later = Some(days.unwrap());
        }
    }

    /// A text of the README with this run's port, entity tags and dates.
    fn in_this_run(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if let Some(server) = &self.server {
            text = text.replace(HOST, &format!("localhost:{}", server.port()));
        }
        for (readme, here) in &self.entity_tags {
            text = text.replace(readme, here);
        }
        let mut done = String::new();
        while let Some((at, date)) = date(&text) {
            // The first command shows which day is today.
            let later = date.plus_days(self.later.unwrap());
            done += &format!("{}{later}", &text[..at]);
            text.drain(..at + 10);
        }
        done + &text
    }

    /// The same with no matter which package, since each run may draw another one. It must be one of the
    /// catalogue, and the length of the answer must be right.
    fn with_any_package(&self, text: &str, line: usize) -> String {
        let start = text.find("{\"name\":\"").unwrap();
        let end = start + text[start..].find('}').unwrap() + 1;
        let package = &text[start..end];
        let name = package["{\"name\":\"".len()..].split('"').next().unwrap();
        let server = self.server.as_ref().unwrap();
        assert_eq!(server.package(name).as_deref(), Ok(package), "README.md:{line}");
        let body = text.split("\n\n").last().unwrap();
        let text = text.replace(&format!("content-length: {}", body.len()), "content-length: …");
        text.replace(package, "{…}")
    }
}

/// What curl prints of an answer.
fn shown(curl: &Curl, answer: Answer) -> String {
    if !curl.shows_head {
        return answer.body;
    }
    let fields = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
    let head: String = [answer.status_line + "\n"].into_iter().chain(fields).collect();
    format!("{head}\n{}", answer.body)
}

/// Without what differs and may: the order of the header fields, the moment, and the revision of a change.
fn comparable(text: &str) -> String {
    let text = without_value(&without_value(text, "revision", is_number), "at", is_moment);
    let text = text.as_str();
    let (head, body) = match text.split_once("\n\n") {
        Some((head, body)) => (head, format!("\n\n{body}")),
        None if text.starts_with("HTTP/") => (text, String::new()),
        None => return text.to_owned(),
    };
    let mut lines: Vec<_> = head.lines().collect();
    for line in &mut lines {
        let is_date = line.starts_with("date: ") && line.ends_with(" GMT") && line.len() == 35;
        *line = if is_date { "date: …" } else { line };
    }
    lines[1..].sort_unstable();
    (lines.join("\n") + &body).trim_end().to_owned()
}

/// The text without the values of the members of this name, if they have the right form.
fn without_value(text: &str, member: &str, is_right: fn(&str) -> bool) -> String {
    let begin = format!("\"{member}\":\"");
    let mut parts = text.split(&begin);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, part| {
        let (value, after) = part.split_once('"').unwrap();
        let value = if is_right(value) { "…" } else { value };
        format!("{before}{begin}{value}\"{after}")
    })
}

fn is_number(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_moment(value: &str) -> bool {
    value.len() == "2026-11-23T02:33:09Z".len() && value.ends_with('Z')
}

/// The entity tags of the `ETag` fields.
fn entity_tags(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix("etag: ")).map(str::to_owned).collect()
}

/// The first date of a text and where it is.
fn date(text: &str) -> Option<(usize, Date)> {
    (0..text.len()).find_map(|at| Some((at, text.get(at..at + 10)?.parse().ok()?)))
}
