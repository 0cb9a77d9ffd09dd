//! All runs on one page: `report.html` needs no other file and follows the reader's light or dark setting; `report.md`
//! is the same for where HTML isn't shown, with links to the pictures beside it.
//!
//! First the verdicts, then where it ran, then each experiment with its command, its figures and its charts.

use std::fmt::Write;

use super::chart::Chart;
use super::csv::Table;
use super::draw::palette::{GRID, INK, MUTED, PAPER};
use super::environment::Environment;
use super::results::Run;
use super::{Report, draw};

const STYLE: &str = include_str!("page.css");
/// Rows of a chart's numbers that are shown on the page; all of them are in its CSV.
const ROWS_MAX: usize = 60;

/// One self-contained page.
pub(super) fn html(environment: &Environment, runs: &[Run]) -> String {
    let mut body = String::from("<h1>lb-bench</h1>\n<table><tr><th>experiment<th>verdict<th>took<th>command</tr>\n");
    for run in runs {
        let (name, class) = (escaped(&run.name), run.verdict().replace(' ', "-"));
        let (verdict, took, command) = (run.verdict(), run.took.as_secs_f64(), escaped(&run.command));
        body += &format!(
            "<tr><td><a href=\"#{name}\">{name}</a><td class=\"{class}\">{verdict}<td>{took:.1} s<td><code>{command}\
             </code></tr>\n"
        );
    }
    body += "</table>\n<h2>Where it ran</h2>\n<table>\n";
    for (name, value) in environment.entries() {
        body += &format!("<tr><th>{name}<td>{}</tr>\n", escaped(value));
    }
    body += "</table>\n";
    runs.iter().for_each(|run| body += &html_of(run));
    let exchange = [("paper", PAPER), ("ink", INK), ("muted", MUTED), ("grid", GRID)].map(|(name, colour)| {
        let colour = format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2);
        format!("svg [fill=\"{colour}\"]{{fill:var(--{name})}}svg [stroke=\"{colour}\"]{{stroke:var(--{name})}}\n")
    });
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>lb-bench</title>\n<style>\n{STYLE}{}</style></head>\n<body>\n{body}\
         </body></html>\n",
        exchange.concat()
    )
}

fn html_of(run: &Run) -> String {
    let Run { name, command, .. } = run;
    let (name, command) = (escaped(name), escaped(command));
    let mut html = format!("<section id=\"{name}\"><h2>{name}</h2>\n<p><code>{command}</code></p>\n");
    match &run.outcome {
        Err(error) => html += &format!("<p class=\"not-run\">Could not be run: {}</p>\n", escaped(error)),
        Ok(report) => {
            html += &format!(
                "<p>{}</p>\n<p class=\"{}\">Verdict: {}</p>\n",
                escaped(&report.title),
                run.verdict(),
                run.verdict()
            );
            for violation in &report.violations {
                html += &format!("<p class=\"failed\">{}</p>\n", escaped(violation));
            }
            html += &format!("<pre>{}</pre>\n", escaped(&report.lines.join("\n")));
            report.charts.iter().for_each(|chart| html += &html_of_chart(chart));
        }
    }
    html + "</section>\n"
}

fn html_of_chart(chart: &Chart) -> String {
    let Table { header, rows } = Table::of(chart);
    let row = |tag: &str, cells: &[String]| {
        let cells: String = cells.iter().map(|cell| format!("<{tag}>{}", escaped(cell))).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let shown: String = rows.iter().take(ROWS_MAX).map(|cells| row("td", cells)).collect();
    let more = if rows.len() > ROWS_MAX {
        format!("The first {ROWS_MAX} of {} rows; all", rows.len())
    } else {
        "Also".to_owned()
    };
    let label = escaped(&chart.title);
    let svg = draw::svg(chart).replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{label}\" "), 1);
    format!(
        "<figure>{svg}\n<details><summary>The numbers</summary>\n<div class=\"wide\"><table>{}{shown}</table></div>\
         <p>{more} in {}.csv.</p></details></figure>\n",
        row("th", &header),
        chart.stem
    )
}

/// The same as Markdown, beside the pictures.
pub(super) fn markdown(environment: &Environment, runs: &[Run]) -> String {
    let mut text = String::from("# lb-bench\n\n| experiment | verdict | took | command |\n|---|---|---|---|\n");
    for run in runs {
        let took = run.took.as_secs_f64();
        writeln!(text, "| [{0}](#{0}) | {1} | {took:.1} s | `{2}` |", run.name, run.verdict(), run.command)
            .expect("a string takes everything");
    }
    text += "\n## Where it ran\n\n| | |\n|---|---|\n";
    for (name, value) in environment.entries() {
        text += &format!("| {name} | {} |\n", value.replace('|', "\\|"));
    }
    for run in runs {
        text += &format!("\n## {}\n\n`{}`\n\n", run.name, run.command);
        match &run.outcome {
            Err(error) => text += &format!("Could not be run: {error}\n"),
            Ok(report) => text += &markdown_of(report, run.verdict()),
        }
    }
    text
}

fn markdown_of(report: &Report, verdict: &str) -> String {
    let mut text = format!("{}\n\nVerdict: **{verdict}**\n", report.title);
    report.violations.iter().for_each(|violation| text += &format!("- {violation}\n"));
    text += &format!("\n```text\n{}\n```\n", report.lines.join("\n"));
    for chart in &report.charts {
        text += &format!("\n![{}]({}.png)\n", chart.title.replace(['[', ']'], ""), chart.stem);
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
