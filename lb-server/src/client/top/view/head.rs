//! The top of the screen: which balancer, its facts, whether the picture is live, and the verdict. Pure.

use std::time::Duration;

use ratatui::text::{Line, Span};

use super::super::documents::{Level, Summary, Verdict};
use super::super::model::Model;
use super::super::words::{count, shorts, span};
use super::style::{Paint, Tone};
use super::text::{cut, ends, width, wrapped};

/// The verdict takes no more lines, what else there is to say included.
const VERDICT_LINES_MAX: usize = 4;
const BETWEEN: &str = "  ";

/// One line: facts to the left, as many as there is room for, and how old they are to the right.
pub(super) fn facts(model: &Model, paint: Paint, columns: usize) -> Line<'static> {
    let (sign, tone) = match model.silence() {
        None => ("● live".to_owned(), Tone::Good),
        Some((silence, _)) => (format!("✕ {} old", span(silence)), Tone::Bad),
    };
    let mut facts = vec![format!("lb {}", model.picture.summary.version), model.place.admin.clone()];
    facts.extend(numbers(&model.picture.summary));
    let room = columns.saturating_sub(width(&sign) + 1);
    while facts.len() > 1 && width(&facts.join(BETWEEN)) > room {
        facts.pop();
    }
    let name = facts.remove(0);
    let mut line = Line::from(paint.span(name, Tone::Strong));
    facts.iter().for_each(|fact| line.push_span(paint.span(format!("{BETWEEN}{fact}"), Tone::Plain)));
    ends(line, now(paint).span(sign, tone), columns)
}

/// Those that can be spared are the last.
fn numbers(summary: &Summary) -> Vec<String> {
    let waiting = summary.sessions.waiting;
    let Summary { first_byte_seconds: first_byte, ring, .. } = summary;
    vec![
        format!("epoch {}", count(summary.epoch)),
        format!("{} connections", count(summary.connections.open)),
        format!("{} waiting", count(waiting)),
        format!("p50/p99 {}", shorts(first_byte.p50, first_byte.p99)),
        format!("up {}", span(Duration::try_from_secs_f64(summary.uptime_seconds).unwrap_or_default())),
        format!("{}, {} slots", ring.hash, count(u64::from(ring.slots))),
    ]
}

/// What is wrong and what mends it: one line to [`VERDICT_LINES_MAX`].
pub(super) fn verdict(model: &Model, paint: Paint, columns: usize) -> Vec<Line<'static>> {
    let verdict = &model.picture.summary.verdict;
    let Some((_, why)) = model.silence() else {
        return of_balancer(verdict, model, paint, columns);
    };
    // What it said last is no verdict any more.
    let word = "✕ Stale";
    let mut lines = headed(word, &format!("{why}; trying again"), Tone::Bad, now(paint), columns, 2);
    let before = format!("before: {}", verdict.text);
    lines.push(paint.span(cut(&before, columns), Tone::Plain).into());
    lines
}

fn of_balancer(verdict: &Verdict, model: &Model, paint: Paint, columns: usize) -> Vec<Line<'static>> {
    let (word, tone) = match verdict.level {
        Level::Ok => ("● All well", Tone::Good),
        Level::Warn => ("▲ Look here", Tone::Warn),
        Level::Bad => ("✕ Trouble", Tone::Bad),
    };
    let mut lines = headed(word, &verdict.text, tone, paint, columns, VERDICT_LINES_MAX - 2);
    if let Some(command) = &verdict.command {
        let label = paint.span("  mend it with: ", Tone::Quiet);
        let command = paint.span(cut(&model.typed_as(command), columns.saturating_sub(label.width())), Tone::Strong);
        lines.push(Line::from(vec![label, command]));
    }
    let more: Vec<&str> = verdict.reasons.iter().map(String::as_str).filter(|reason| *reason != verdict.text).collect();
    if !more.is_empty() {
        lines.push(paint.span(cut(&format!("  also: {}", more.join(" · ")), columns), Tone::Plain).into());
    }
    lines
}

/// A word, and behind it a text in at most so many lines.
fn headed(word: &str, text: &str, tone: Tone, paint: Paint, columns: usize, lines_max: usize) -> Vec<Line<'static>> {
    let mut texts = wrapped(&format!("{word}: {text}"), columns);
    if texts.len() > lines_max {
        let rest = texts.split_off(lines_max - 1).join(" ");
        texts.push(cut(&rest, columns));
    }
    let mut lines: Vec<Line<'static>> = Vec::new();
    for (at, text) in texts.into_iter().enumerate() {
        // A very narrow terminal breaks within the word.
        lines.push(match text.strip_prefix(word).filter(|_| at == 0) {
            Some(rest) => Line::from(vec![paint.span(word, tone), paint.span(rest, Tone::Plain)]),
            None => Span::styled(text, paint.style(Tone::Plain)).into(),
        });
    }
    lines
}

/// What is said of an old picture isn't old itself.
fn now(paint: Paint) -> Paint {
    Paint { old: false, ..paint }
}
