//! Numbers, dates and times as people read them.

use crate::daily::{Date, rfc3339};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The first three letters of each weekday, from Monday.
pub(super) fn short_weekdays() -> [&'static str; 7] {
    WEEKDAYS.map(|day| &day[..3])
}

pub(super) fn weekday(date: Date) -> &'static str {
    WEEKDAYS[date.weekday() % 7]
}

pub(super) fn month(date: Date) -> &'static str {
    MONTHS[(date.civil().1 as usize + 11) % 12]
}

/// `26 November 2026`
pub(super) fn day(date: Date) -> String {
    let (year, _, day) = date.civil();
    format!("{day} {} {year}", month(date))
}

/// `Thursday 26 November 2026`
pub(super) fn long_day(date: Date) -> String {
    format!("{} {}", weekday(date), day(date))
}

/// `Thu 26 Nov`
pub(super) fn short_day(date: Date) -> String {
    format!("{} {} {}", &weekday(date)[..3], date.civil().2, &month(date)[..3])
}

/// `November 2026`
pub(super) fn month_of_year(date: Date) -> String {
    format!("{} {}", month(date), date.civil().0)
}

/// `2026-11`
pub(super) fn month_number(date: Date) -> String {
    let (year, month, _) = date.civil();
    format!("{year:04}-{month:02}")
}

/// `12:04`, of a moment in seconds since 1970.
pub(super) fn time(seconds: i64) -> String {
    rfc3339(seconds).get(11..16).unwrap_or_default().to_owned()
}

/// A number with commas between groups of three digits.
pub(super) fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 package`, `2 packages`
pub(super) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", self::number(number))
}

/// At most so many characters of a text. If it is longer, `…` stands for the rest.
pub(super) fn shortened(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_people_write_it() {
        for (date, long, short, number) in [
            ("2026-11-26", "Thursday 26 November 2026", "Thu 26 Nov", "2026-11"),
            ("2024-02-29", "Thursday 29 February 2024", "Thu 29 Feb", "2024-02"),
            ("1969-12-31", "Wednesday 31 December 1969", "Wed 31 Dec", "1969-12"),
            ("0000-01-01", "Saturday 1 January 0", "Sat 1 Jan", "0000-01"),
        ] {
            let Ok(date) = date.parse() else { panic!("{date}") };
            let written = (long_day(date), short_day(date), month_number(date));
            assert_eq!(written, (long.to_owned(), short.to_owned(), number.to_owned()));
        }
    }

    #[test]
    fn a_number_has_commas() {
        for (value, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (886_323, "886,323")] {
            assert_eq!(number(value), text);
        }
        assert_eq!(
            (count(1, "package"), count(2, "package")),
            ("1 package".into(), "2 packages".into())
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!((shortened("äöü", 3), shortened("äöü", 2)), ("äöü".into(), "äö…".into()));
    }
}
