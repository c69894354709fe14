//! The calendar of a month: what was shown, and what is pinned.

use std::ops::RangeInclusive;
use std::str::FromStr;

use maud::{Markup, html};

use super::changes::Gone;
use super::frame::{DOT, Frame};
use super::text::{day, month, month_number, month_of_year, short_day, short_weekdays, weekday};
use crate::daily::{Daily, Date, Pinned};
use crate::package::InvalidValue;

/// A month of the calendar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Month {
    first: Date,
}

impl Month {
    /// The years that have a calendar. The weeks of any other year might reach beyond the first or the
    /// last date.
    const YEARS: RangeInclusive<i32> = 1..=9998;

    /// The month of a date.
    pub(crate) fn of(date: Date) -> Self {
        let (year, month, _) = date.civil();
        let year = year.clamp(*Self::YEARS.start(), *Self::YEARS.end());
        Self { first: Date::from_civil(year, month, 1) }
    }

    fn before(self) -> Option<Self> {
        Some(Self::of(self.first.plus_days(-1))).filter(|before| before.first < self.first)
    }

    fn after(self) -> Option<Self> {
        Some(Self::of(self.first.plus_days(31))).filter(|after| after.first > self.first)
    }

    fn contains(self, date: Date) -> bool {
        month_number(date) == month_number(self.first)
    }

    /// The Monday with which the calendar of the month begins, and the number of its weeks.
    fn weeks(self) -> (Date, i32) {
        let monday = self.first.plus_days(-(self.first.weekday() as i32));
        let (year, month, _) = self.first.plus_days(31).civil();
        let end = Date::from_civil(year, month, 0);
        let weeks = (0..6).filter(|week| monday.plus_days(7 * week) <= end).count();
        (monday, weeks as i32)
    }

    /// The first and the last date of the calendar of the month.
    pub(crate) fn bounds(self) -> (Date, Date) {
        let (monday, weeks) = self.weeks();
        (monday, monday.plus_days(7 * weeks - 1))
    }
}

impl FromStr for Month {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let first = format!("{text}-01").parse::<Date>().ok();
        let first = first.filter(|first| Self::YEARS.contains(&first.civil().0));
        let rule = || InvalidValue::new("must be a month such as 2026-11");
        first.map(Self::of).ok_or_else(rule)
    }
}

/// The page with the calendar of a month.
pub(crate) struct DaysPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) month: Month,
    /// Today in UTC.
    pub(crate) today: Date,
    /// The last date that has begun anywhere.
    pub(crate) last_open: Date,
    /// The first date that can still be opened, or that the journal has.
    pub(crate) first: Date,
    /// The days that were shown, the newest first. They contain at least those of the calendar, and those
    /// of the feed.
    pub(crate) shown: &'a [Daily],
    /// All pins, in the order of their dates. Empty if the viewer may not see them.
    pub(crate) pins: &'a [Pinned],
    /// Those of the pinned packages that do not exist any more.
    pub(crate) gone: &'a Gone,
}

/// How many days the page shows as the feed has them.
const IN_FEED: usize = 5;

impl DaysPage<'_> {
    pub(crate) fn render(&self) -> Vec<u8> {
        let title = month_of_year(self.month.first);
        let main = html! {
            div.line { h1 { (title) } (self.months()) p.dim.end { "All days are days in UTC." } }
            (self.calendar(&title))
            p.dim {
                "A day that has begun somewhere on Earth, which is up to 14 hours earlier than in UTC, stays as it is. "
                "A day without a pin is drawn when it begins."
            }
            div.split { div.gap { (self.pins()) } (self.feed()) }
        };
        self.frame.page(&format!("Days of {title}"), &main)
    }

    fn url(&self, month: Month) -> String {
        self.frame.links.with_query("desk/days", &[("month", &month_number(month.first))])
    }

    fn months(&self) -> Markup {
        html! {
            nav.line aria-label="Months" {
                @if let Some(before) = self.month.before() {
                    a rel="prev" href=(self.url(before)) { (month(before.first)) }
                }
                @if self.month != Month::of(self.today) { a href=(self.frame.links.below_root("desk/days")) { "Today" } }
                @if let Some(after) = self.month.after() {
                    a rel="next" href=(self.url(after)) { (month(after.first)) }
                }
            }
        }
    }

    fn calendar(&self, title: &str) -> Markup {
        let (monday, weeks) = self.month.weeks();
        html! {
            div.month {
                table {
                    caption.vh { "What was shown in " (title) ", and what is pinned" }
                    thead { tr { @for name in short_weekdays() { th scope="col" { (name) } } } }
                    tbody {
                        @for week in 0..weeks {
                            tr { @for at in 0..7 { (self.cell(monday.plus_days(7 * week + at), week == 0 && at == 0)) } }
                        }
                    }
                }
            }
        }
    }

    fn cell(&self, date: Date, is_first: bool) -> Markup {
        let is_outside = !self.month.contains(date);
        let shown = self.shown.iter().find(|daily| daily.date() == date);
        let pin = self.pins.iter().find(|pin| pin.date == date);
        let is_free = date > self.last_open && pin.is_none();
        let (_, _, number) = date.civil();
        let mut classes = Vec::new();
        for (is_so, class) in
            [(is_outside, "out"), (date == self.today, "today"), (pin.is_some(), "pin")]
        {
            if is_so {
                classes.push(class);
            }
        }
        html! {
            td class=[(!classes.is_empty()).then(|| classes.join(" "))] data-date=[is_free.then_some(date)] {
                time datetime=(date) {
                    span.vh.wd { (&weekday(date)[..3]) " " }
                    (number) @if number == 1 || is_first { " " (&month(date)[..3]) } @if date == self.today { " today" }
                }
                " "
                @if let Some(daily) = shown {
                    a href=(self.frame.links.day(date)) { (daily.package().name) }
                    @if self.is_repeat(daily) { " " small { mark { "again" } } }
                } @else if let Some(pin) = pin {
                    (self.pinned(pin)) small { "pinned" }
                } @else if is_free && self.frame.viewer.may("pin_day") {
                    button.quiet type="button" data-do="pin" aria-label={ "Pin a package to " (day(date)) } { "Pin" }
                } @else if date <= self.last_open && date >= self.first {
                    a href=(self.frame.links.day(date)) { mark { "not drawn yet" } }
                }
            }
        }
    }

    /// True if a day of the year before has shown the package too.
    fn is_repeat(&self, daily: &Daily) -> bool {
        let is_earlier = |other: &Daily| other.date() < daily.date();
        self.shown.iter().any(|other| is_earlier(other) && other.name() == daily.name())
    }

    fn pinned(&self, pin: &Pinned) -> Markup {
        html! {
            @if self.frame.viewer.may("read_package") && !self.gone.contains(&pin.name) {
                a href=(self.frame.links.package(pin.name.as_str())) { (pin.name) }
            } @else { (pin.name) }
        }
    }

    /// What a curator should know about a pin: that its package is shown on another day too, or is gone.
    fn remark(&self, pin: &Pinned) -> Option<String> {
        if self.gone.contains(&pin.name) {
            return Some("The package was removed from the catalogue".to_owned());
        }
        let shown = self.shown.iter().find(|daily| *daily.name() == pin.name).map(Daily::date);
        let pinned = self.pins.iter().find(|other| other.name == pin.name && other.date < pin.date);
        let pinned = pinned.map(|other| format!("Also pinned to {}", day(other.date)));
        pinned.or(shown.map(|date| format!("Shown on {} already", day(date))))
    }

    fn pins(&self) -> Markup {
        let viewer = self.frame.viewer;
        let may_list = viewer.may("list_pins");
        let (may_pin, may_unpin) = (viewer.may("pin_day"), viewer.may("unpin_day"));
        html! {
            @if may_list {
                section #pins {
                    h2 { "Pins" }
                    (self.form())
                    @if self.pins.is_empty() { p { "No day is pinned." } }
                    @else {
                        table.stack {
                            thead { tr { th scope="col" { "Day" } th scope="col" { "Package" } th scope="col" { "Remark" } } }
                            tbody {
                                @for pin in self.pins {
                                    tr data-date=(pin.date) data-from=(pin.date) data-name=(pin.name) data-revision=(pin.revision) {
                                        td { time datetime=(pin.date) { (short_day(pin.date)) } }
                                        th scope="row" { (self.pinned(pin)) }
                                        td { @if let Some(remark) = self.remark(pin) { mark { (remark) } " " }
                                            @if may_pin { button.quiet type="button" data-do="move" { "Move or swap" } }
                                            @if may_unpin { button.quiet.danger type="button" data-do="unpin" data-send={ "DELETE daily/pins/" (pin.date) } data-revision=(pin.revision) { "Unpin" } } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The form that pins a package to a day, or moves a pin.
    fn form(&self) -> Markup {
        html! {
            @if self.frame.viewer.may("pin_day") {
                form #pin.cols.js-only data-keep="pin" {
                    div.field {
                        label for="p-name" { "Pin a package" }
                        input #p-name name="name" required autocomplete="off" autocapitalize="none" spellcheck="false";
                    }
                    div.field {
                        label for="p-date" { "to the day" }
                        input #p-date name="date" type="date" required min=(self.last_open.plus_days(1));
                    }
                    div { input name="from" type="hidden"; button.go { "Pin" } }
                }
            }
        }
    }

    fn feed(&self) -> Markup {
        let links = self.frame.links;
        let days = self.shown.iter().filter(|daily| daily.date() <= self.today).take(IN_FEED);
        html! {
            aside aria-labelledby="feed" {
                h2 #feed { "The feed, as readers see it" }
                @for daily in days {
                    div {
                        p.dim { time datetime=(daily.date()) { (day(daily.date())) } }
                        p { a href=(links.day(daily.date())) { b { (daily.package().name) } } }
                        p { (daily.package().details.short_desc.as_str()) }
                    }
                }
                p {
                    @for (at, (path, label)) in self.frame.feeds().enumerate() {
                        @if at > 0 { (DOT) }
                        a href=(links.below_root(path)) { (label) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_whole_weeks_from_monday() {
        for (month, first, last) in [
            ("2026-11", "2026-10-26", "2026-12-06"),
            ("2027-02", "2027-02-01", "2027-02-28"),
            ("2024-02", "2024-01-29", "2024-03-03"),
            ("2026-12", "2026-11-30", "2027-01-03"),
        ] {
            let Ok(month) = month.parse::<Month>() else { panic!("{month}") };
            let (from, to) = month.bounds();
            assert_eq!((&*from.to_string(), &*to.to_string()), (first, last));
        }
        for text in ["0000-12", "9999-01", "2026", "2026-13", "2026-1", "2026-11-01", "", "x"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_first_and_the_last_month_have_no_other_beside_them() {
        let [first, last] = [Date::MIN, Date::MAX].map(Month::of);
        assert_eq!((first.before(), last.after()), (None, None));
        assert_eq!(first.after().and_then(Month::before), Some(first));
    }
}
