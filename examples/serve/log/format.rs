//! The forms of a line: for people, or as JSON.

use std::fmt;
use std::sync::Arc;

use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter, layer};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::limit::{Limit, Limited};
use super::options::LogFormat;
use super::{ACCESS, TOLD};

/// What makes lines of events: those that `filter` lets pass and that are not more than `limit` allows.
pub(super) fn subscriber<W>(
    format: LogFormat,
    filter: Targets,
    limit: Arc<Limit>,
    writer: W,
) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        // Control characters are escaped by whoever writes the line, all of them.
        LogFormat::Text => {
            let lines = layer().with_ansi(false).with_ansi_sanitization(false);
            Box::new(
                lines.event_format(Text(Format::default().with_target(false))).with_writer(writer),
            )
        }
        LogFormat::Json => {
            let lines = layer().json().flatten_event(true);
            Box::new(lines.with_current_span(false).with_span_list(false).with_writer(writer))
        }
    };
    Registry::default().with(lines).with(Limited(limit)).with(filter)
}

/// A line for people: the time, the level and what happened. A message about the start or the end of the
/// server stands alone.
struct Text(Format<Full>);

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if event.metadata().target() != TOLD {
            return self.0.format_event(context, writer, event);
        }
        context.field_format().format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

/// True for what nobody can have too much of, because it was asked for or because it is rare.
pub(super) fn is_unlimited(about: &Metadata<'_>) -> bool {
    [TOLD, ACCESS].contains(&about.target()) || *about.level() > Level::INFO
}

/// A text that is one line and does not command the terminal, whatever strangers have put into it.
pub(crate) fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                line.extend(c.escape_unicode());
            }
            c if c.is_control() => line.extend(c.escape_default()),
            c => line.push(c),
        }
    }
    line
}
