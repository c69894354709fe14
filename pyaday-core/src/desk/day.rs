//! The page of a day, which the entries of the feeds link to.

use maud::html;

use super::frame::Frame;
use super::package::content;
use super::text::{day, long_day, month_number, month_of_year, short_day};
use crate::daily::Daily;

/// A day and the days before it.
pub(crate) struct DayPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) daily: &'a Daily,
    /// The days before, the newest first.
    pub(crate) before: &'a [Daily],
}

impl DayPage<'_> {
    pub(crate) fn render(&self) -> Vec<u8> {
        let (daily, links) = (self.daily, self.frame.links);
        let (date, package) = (daily.date(), daily.package());
        let main = html! {
            div.day.gap {
                p.dim { time datetime=(date) { (long_day(date)) } }
                (content(&self.frame, package))
                p.dim {
                    "As it was on that day. "
                    @if daily.is_gone() {
                        "The package was removed from the catalogue."
                    } @else if self.frame.viewer.may("read_package") {
                        a href=(links.package(daily.name().as_str())) { (package.name) " now" }
                    }
                }
            }
            @if !self.before.is_empty() {
                section.day {
                    h2 { "The days before" }
                    ol.past {
                        @for before in self.before {
                            li {
                                time datetime=(before.date()) { (short_day(before.date())) } " "
                                a href=(links.day(before.date())) { (before.package().name) } " "
                                p { (before.package().details.short_desc.as_str()) }
                            }
                        }
                    }
                }
            }
            p.line {
                a href=(links.with_query("desk/days", &[("month", &month_number(date))])) { "All days of " (month_of_year(date)) }
                @for (path, label) in self.frame.feeds().take(1) {
                    a href=(links.below_root(path)) { "Follow as " (label) }
                }
                a href=(links.below_root(&format!("daily/{date}"))) { "This day as JSON" }
            }
        };
        self.frame.page(&format!("{}, {}", package.name, day(date)), &main)
    }
}
