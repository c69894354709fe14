//! The few commands that the README uses, read without a shell.

/// A command.
#[derive(Debug)]
pub(crate) enum Command {
    Curl(Curl),
    /// `cargo run --release`, which starts a server.
    Serve {
        arguments: Vec<String>,
        /// What `printf` pipes into it.
        input: String,
    },
}

/// A request, as curl's options say it.
#[derive(Debug, Default)]
pub(crate) struct Curl {
    /// `-i`: the head of the answer is printed too.
    pub(crate) shows_head: bool,
    method: Option<String>,
    fields: Vec<String>,
    data: Option<String>,
    url: String,
}

impl Command {
    /// Reads a line.
    ///
    /// # Panics
    /// The line has something that this module does not know.
    pub(crate) fn read(line: &str) -> Self {
        let words = words(line);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["curl", arguments @ ..] => Self::Curl(Curl::read(arguments, "")),
            ["printf", text, "|", rest @ ..] => {
                assert!(!text.contains('%'), "a format of printf in {line:?}");
                let input = text.replace("\\n", "\n");
                match rest {
                    ["curl", arguments @ ..] => Self::Curl(Curl::read(arguments, &input)),
                    rest => Self::serve(line, rest, input),
                }
            }
            rest => Self::serve(line, rest, String::new()),
        }
    }

    fn serve(line: &str, words: &[&str], input: String) -> Self {
        let arguments = match words {
            ["cargo", "run", "--release"] => &[],
            ["cargo", "run", "--release", "--", arguments @ ..] => arguments,
            _ => panic!("no such command is known: {line:?}"),
        };
        Self::Serve { arguments: arguments.iter().map(|it| (*it).to_owned()).collect(), input }
    }
}

impl Curl {
    fn read(arguments: &[&str], input: &str) -> Self {
        let mut curl = Self::default();
        let mut arguments = arguments.iter().map(|it| (*it).to_owned());
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "-i" => curl.shows_head = true,
                "-X" => curl.method = arguments.next(),
                "-H" => curl.fields.extend(arguments.next()),
                "-d" => curl.data = arguments.next(),
                "--data-binary" => {
                    assert_eq!(
                        arguments.next().as_deref(),
                        Some("@-"),
                        "only standard input is known"
                    );
                    curl.data = Some(input.to_owned());
                }
                it if it.starts_with('-') => panic!("no such option of curl is known: {it}"),
                _ => curl.url = argument,
            }
        }
        curl
    }

    /// The path and the query.
    pub(crate) fn target(&self) -> &str {
        self.url.find('/').map_or("/", |at| &self.url[at..])
    }

    /// The request as curl sends it.
    pub(crate) fn request(&self) -> String {
        let (host, target) = (self.url.strip_suffix(self.target()).unwrap(), self.target());
        let (default, data) = match &self.data {
            Some(data) => ("POST", data.as_str()),
            None => ("GET", ""),
        };
        let method = self.method.as_deref().unwrap_or(default);
        let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n");
        for field in &self.fields {
            request += &format!("{field}\r\n");
        }
        let names_type = |field: &String| field.to_lowercase().starts_with("content-type:");
        if self.data.is_some() {
            request += &format!("Content-Length: {}\r\n", data.len());
            if !self.fields.iter().any(names_type) {
                request += "Content-Type: application/x-www-form-urlencoded\r\n";
            }
        }
        request + "\r\n" + data
    }
}

/// The words of a line, of which parts may be in single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = None;
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '\'' => {
                is_quoted = !is_quoted;
                word.get_or_insert_with(String::new);
            }
            ' ' if !is_quoted => words.extend(word.take()),
            '"' | '\\' | '$' | '`' | '*' | '?' | '&' | ';' | '<' | '>' | '(' | ')' | '{' | '~'
            | '#'
                if !is_quoted =>
            {
                panic!("a shell reads {c} otherwise, unless it is quoted: {line:?}")
            }
            _ => word.get_or_insert_with(String::new).push(c),
        }
    }
    assert!(!is_quoted, "a quote is not closed: {line:?}");
    words.extend(word);
    words
}
