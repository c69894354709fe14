//! Calendar dates.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::package::InvalidValue;

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// A calendar date from year 0000 to year 9999, in the form of ISO 8601: `2026-11-23`.
///
/// ```
/// use pyaday_core::Date;
///
/// let date: Date = "2024-02-29".parse()?;
/// assert_eq!(date.to_string(), "2024-02-29");
/// assert!("2026-02-30".parse::<Date>().is_err());
/// # Ok::<(), pyaday_core::InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    /// Days since 1970-01-01.
    days: i32,
}

impl Date {
    /// The first date.
    pub const MIN: Self = Self { days: -719_528 };
    /// The last date.
    pub const MAX: Self = Self { days: 2_932_896 };

    /// The date of a moment in UTC. A moment outside the years 0000 to 9999 gives the first or the
    /// last date.
    #[must_use]
    pub fn of(time: SystemTime) -> Self {
        Self::of_seconds(seconds(time))
    }

    /// The date of a moment in a time zone that is this many hours ahead of UTC.
    pub(crate) fn at_offset(time: SystemTime, hours: i64) -> Self {
        Self::of_seconds(seconds(time).saturating_add(hours * 3600))
    }

    pub(crate) fn of_seconds(seconds: i64) -> Self {
        let days = seconds.div_euclid(SECONDS_A_DAY);
        let days = days.clamp(Self::MIN.days.into(), Self::MAX.days.into());
        Self { days: days as i32 }
    }

    /// The date this many days later, or earlier if the number is negative. If that date is out of
    /// range, the result is the first or the last date.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        let days = self.days.saturating_add(days);
        Self { days: days.clamp(Self::MIN.days, Self::MAX.days) }
    }

    /// The day of the week: 0 is Monday, and 6 is Sunday.
    #[cfg(feature = "desk")]
    pub(crate) fn weekday(self) -> usize {
        // 1970-01-01 was a Thursday.
        (self.days + 3).rem_euclid(7) as usize
    }

    /// Year, month (from 1) and day (from 1).
    pub(crate) fn civil(self) -> (i32, i32, i32) {
        // Days are counted from 0000-03-01. Then a leap day is the last day of its year, and the
        // first day of each month is given by a linear formula.
        let days = self.days - Self::MIN.days - 60;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        (year_of_era + 400 * era + i32::from(month <= 2), month, day)
    }

    /// The inverse of [`civil`](Self::civil). The month must be from 1 to 12, and the day may be
    /// any number.
    pub(crate) fn from_civil(year: i32, month: i32, day: i32) -> Self {
        let year = year - i32::from(month <= 2);
        let month_from_march = if month > 2 { month - 3 } else { month + 9 };
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * month_from_march + 2) / 5 + day - 1;
        let of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + of_year;
        Self { days: 146_097 * era + of_era + 60 + Self::MIN.days }
    }
}

/// Converts a date to its midnight in UTC, when the date begins. If the system's clock cannot
/// represent that moment, the result is 1970-01-01.
///
/// ```
/// use std::time::SystemTime;
/// use pyaday_core::Date;
///
/// let date: Date = "2024-02-29".parse()?;
/// for date in [date, Date::MIN, Date::MAX] {
///     assert_eq!(Date::of(SystemTime::from(date)), date);
/// }
/// # Ok::<(), pyaday_core::InvalidValue>(())
/// ```
impl From<Date> for SystemTime {
    fn from(date: Date) -> Self {
        let from_1970 = Duration::from_secs(u64::from(date.days.unsigned_abs()) * 24 * 60 * 60);
        match date.days < 0 {
            true => UNIX_EPOCH.checked_sub(from_1970),
            false => UNIX_EPOCH.checked_add(from_1970),
        }
        .unwrap_or(UNIX_EPOCH)
    }
}

impl FromStr for Date {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let number = |part: &str| {
            let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse::<i32>().ok()).flatten()
        };
        let parts = match (text.len(), text.split('-').collect::<Vec<_>>().as_slice()) {
            (10, [year, month, day]) if (year.len(), month.len()) == (4, 2) => {
                number(year).zip(number(month)).zip(number(day))
            }
            _ => None,
        };
        let date = parts.and_then(|((year, month), day)| {
            let is_month = (1..=12).contains(&month);
            let date = is_month.then(|| Self::from_civil(year, month, day))?;
            (date.civil() == (year, month, day)).then_some(date)
        });
        date.ok_or_else(|| InvalidValue::new("must be a date such as 2026-11-23"))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whole seconds since 1970. They are negative for earlier moments.
pub(crate) fn seconds(time: SystemTime) -> i64 {
    let whole = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => whole(since),
        Err(before) => -whole(before.duration() + Duration::from_nanos(999_999_999)),
    }
}

/// The number of seconds from a moment to the end of its day in UTC.
pub(crate) fn seconds_to_midnight(time: SystemTime) -> i64 {
    SECONDS_A_DAY - seconds(time).rem_euclid(SECONDS_A_DAY)
}

/// A moment in UTC, in the form of [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339).
pub(crate) fn rfc3339(seconds: i64) -> String {
    let of_day = seconds.rem_euclid(SECONDS_A_DAY);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", Date::of_seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_date_of_the_calendar_or_refused() {
        for (text, days) in [
            ("1970-01-01", Some(0)),
            ("1970-01-02", Some(1)),
            ("1969-12-31", Some(-1)),
            ("2000-02-29", Some(11_016)),
            ("2024-02-29", Some(19_782)),
            ("0000-01-01", Some(-719_528)),
            ("9999-12-31", Some(2_932_896)),
            ("2023-02-29", None),
            ("1900-02-29", None),
            ("2026-04-31", None),
            ("2026-00-01", None),
            ("2026-13-01", None),
            ("2026-1-01", None),
            ("+026-01-01", None),
            ("2026-01-01 ", None),
            ("20260101", None),
            ("", None),
        ] {
            let date = text.parse::<Date>().ok();
            assert_eq!(date.map(|date| date.days), days, "{text:?}");
            if let Some(date) = date {
                assert_eq!(date.to_string(), text);
            }
        }
    }

    #[test]
    fn every_date_is_read_as_it_is_written() {
        // The step is a prime number of days, so that every day of the year is tested.
        for days in (Date::MIN.days..=Date::MAX.days).step_by(97) {
            let date = Date { days };
            assert_eq!(date.to_string().parse(), Ok(date));
        }
    }

    #[test]
    fn a_moment_has_a_date_and_a_time_until_midnight() {
        let day = Duration::from_secs(24 * 60 * 60);
        let moment = Duration::from_millis(1);
        for (time, date, left) in [
            (UNIX_EPOCH, "1970-01-01", 86_400),
            (UNIX_EPOCH + moment, "1970-01-01", 86_400),
            (UNIX_EPOCH - moment, "1969-12-31", 1),
            (UNIX_EPOCH + day - moment, "1970-01-01", 1),
            (UNIX_EPOCH + day, "1970-01-02", 86_400),
        ] {
            assert_eq!((&*Date::of(time).to_string(), seconds_to_midnight(time)), (date, left));
        }
    }

    #[test]
    fn a_date_begins_earlier_where_the_clocks_are_ahead() {
        let hours = |hours: u64| UNIX_EPOCH + Duration::from_secs(hours * 3600);
        for (time, offset, date) in [
            (hours(9), 14, "1970-01-01"),
            (hours(10), 14, "1970-01-02"),
            (hours(11), -12, "1969-12-31"),
            (hours(12), -12, "1970-01-01"),
        ] {
            assert_eq!(Date::at_offset(time, offset).to_string(), date);
        }
    }

    #[test]
    fn a_moment_is_written_as_rfc_3339_says() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_786_061, "2000-02-29T01:01:01Z"),
        ] {
            assert_eq!(rfc3339(seconds), text);
        }
    }

    #[test]
    fn there_is_no_date_before_the_first_or_after_the_last() {
        assert_eq!(Date::MAX.plus_days(1), Date::MAX);
        assert_eq!(Date::MIN.plus_days(i32::MIN), Date::MIN);
    }
}
