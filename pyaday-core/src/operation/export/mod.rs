//! The pages of an export.

mod csv;

use std::str::FromStr;
use std::task::{Context, Poll};
use std::vec;

use bytes::Bytes;

use crate::http::Body;
use crate::http::media_type::NDJSON;
use crate::package::Stored;
use crate::store::{Selected, StoreError};

/// The format of an export.
#[derive(Clone, Copy, Debug)]
pub(super) enum Format {
    Ndjson,
    Csv,
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "ndjson" => Ok(Self::Ndjson),
            "csv" => Ok(Self::Csv),
            _ => Err("must be `ndjson` or `csv`"),
        }
    }
}

impl Format {
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => NDJSON,
            // RFC 4180 §3
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    /// The value of `Content-Disposition` (RFC 6266).
    pub(super) const fn disposition(self) -> &'static str {
        match self {
            Self::Ndjson => "attachment; filename=\"packages.ndjson\"",
            Self::Csv => "attachment; filename=\"packages.csv\"",
        }
    }

    /// What is written before the first package.
    fn header(self) -> &'static [u8] {
        match self {
            Self::Ndjson => b"",
            Self::Csv => csv::HEADER,
        }
    }

    fn write(self, stored: &Stored, out: &mut Vec<u8>) {
        match self {
            Self::Ndjson => {
                out.extend_from_slice(stored.json());
                out.push(b'\n');
            }
            Self::Csv => csv::write(&stored.package(), out),
        }
    }
}

/// The maximum length of a page, in bytes, unless one package is longer.
///
/// A server keeps a few pages for each client, and making one takes a fraction of a millisecond.
const PAGE: usize = 64 * 1024;

/// How many pages of the store a poll takes at most. A store may return many that are empty.
const MAX_POLLS: usize = 16;

/// The body of an export.
pub(super) fn body(format: Format, selected: Selected) -> Body {
    let mut export = Export { format, selected, packages: Vec::new().into_iter(), begun: false };
    Body::pages(move |context| {
        export.poll_page(context).map(|page| page.map(|page| page.map_err(Into::into)))
    })
}

struct Export {
    format: Format,
    selected: Selected,
    /// The rest of a page of the selection.
    packages: vec::IntoIter<Stored>,
    begun: bool,
}

impl Export {
    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, StoreError>>> {
        let mut page = Vec::with_capacity(PAGE);
        if !self.begun {
            self.begun = true;
            page.extend(self.format.header());
        }
        for _ in 0..MAX_POLLS {
            if self.fill(&mut page) {
                return Poll::Ready(Some(Ok(page.into())));
            }
            match self.selected.poll_page(context) {
                Poll::Ready(Some(Ok(packages))) => self.packages = packages.into_iter(),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => {
                    return Poll::Ready((!page.is_empty()).then(|| Ok(page.into())));
                }
                Poll::Pending if page.is_empty() => return Poll::Pending,
                Poll::Pending => return Poll::Ready(Some(Ok(page.into()))),
            }
        }
        self.fill(&mut page);
        if page.is_empty() {
            // Other tasks run before the store looks further.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(page.into())))
    }

    /// Writes packages until the page is full. Returns whether it is.
    fn fill(&mut self, page: &mut Vec<u8>) -> bool {
        while let Some(next) = self.packages.as_slice().first() {
            if !page.is_empty() && page.len() + next.json().len() >= PAGE {
                return true;
            }
            self.format.write(next, page);
            self.packages.next();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Waker;
    use std::time::Duration;

    use http_body::Body as _;

    use super::*;
    use crate::http::BodyError;
    use crate::package::{Package, Revision};

    type Selection = dyn FnMut(usize) -> Poll<Option<Result<Vec<Stored>, StoreError>>> + Send;

    /// The export of what `select` returns for the first, the second and each other page, and how
    /// many pages were taken.
    fn export(
        format: Format,
        mut select: Box<Selection>,
    ) -> (impl FnMut() -> Taken, Arc<AtomicUsize>) {
        let taken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&taken);
        let selected =
            Selected::new(Revision::new(1), move |_| select(count.fetch_add(1, Ordering::Relaxed)));
        let mut body = body(format, selected);
        let next = move || {
            let context = &mut Context::from_waker(Waker::noop());
            let frame = Pin::new(&mut body).poll_frame(context);
            frame.map(|frame| frame.map(|it| it.map(|it| it.into_data().unwrap())))
        };
        (next, taken)
    }

    type Taken = Poll<Option<Result<Bytes, BodyError>>>;

    fn text(taken: Taken) -> String {
        match taken {
            Poll::Ready(Some(Ok(page))) => String::from_utf8(page.to_vec()).unwrap(),
            Poll::Ready(Some(Err(error))) => format!("error: {}", error.source().unwrap()),
            Poll::Ready(None) => "end".to_owned(),
            Poll::Pending => "pending".to_owned(),
        }
    }

    fn stored(name: &str) -> Stored {
        Stored::new(&Package::new(name, "").unwrap(), Revision::new(1))
    }

    fn page(number: usize) -> Poll<Option<Result<Vec<Stored>, StoreError>>> {
        let page = (0..200).map(|at| stored(&format!("p-{number}-{at}"))).collect();
        Poll::Ready((number < 100).then_some(Ok(page)))
    }

    #[test]
    fn an_export_takes_no_more_of_the_store_than_a_page_needs() {
        let (mut next, taken) = export(Format::Ndjson, Box::new(page));
        let first = text(next());
        assert!((PAGE - 100..=PAGE).contains(&first.len()), "{}", first.len());
        let count = taken.load(Ordering::Relaxed);
        assert!(count < 20, "{count} pages of about 7 KB");
        // All pages together have each package, in order.
        let mut whole = first;
        loop {
            match text(next()) {
                end if end == "end" => break,
                page => whole += &page,
            }
        }
        let expected = (0..100).flat_map(|number| (0..200).map(move |at| (number, at)));
        let line = |(number, at)| format!("{{\"name\":\"p-{number}-{at}\",\"short_desc\":\"\"}}\n");
        assert_eq!(whole, expected.map(line).collect::<String>());
    }

    #[test]
    fn a_store_that_finds_nothing_for_long_lets_others_run() {
        let many = 10 * MAX_POLLS;
        let (mut next, _) = export(
            Format::Ndjson,
            Box::new(move |number| match number {
                number if number < many => Poll::Ready(Some(Ok(Vec::new()))),
                number if number == many => Poll::Ready(Some(Ok(vec![stored("last")]))),
                _ => Poll::Ready(None),
            }),
        );
        let mut polls = 0;
        while text(next()) == "pending" {
            polls += 1;
        }
        assert_eq!(polls, 10);
        assert_eq!(text(next()), "end");
    }

    #[test]
    fn a_store_that_waits_sends_what_is_there_and_its_error_ends_the_export() {
        let (mut next, _) = export(
            Format::Csv,
            Box::new(|number| match number {
                0 => Poll::Ready(Some(Ok(vec![stored("a")]))),
                1 | 2 => Poll::Pending,
                _ => {
                    let retry_after = Duration::ZERO;
                    Poll::Ready(Some(Err(StoreError::Busy { retry_after })))
                }
            }),
        );
        assert_eq!(text(next()), "name,short_desc,tags,metadata\r\na,,,\r\n");
        assert_eq!(text(next()), "pending");
        assert_eq!(text(next()), "error: too many costly calls run at once");
        assert_eq!(text(next()), "end");
    }
}
