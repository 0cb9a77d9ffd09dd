//! `docs/screenshots/top.svg` is what is drawn: `just docs` writes it, this test holds it to the code.
//!
//! A balancer with a story of 100 seconds is looked at once a second; the cells of the last frame become an SVG, a run of
//! equal cells a text. Every run says how wide it is, so that it stands right whatever font there is.

use std::fmt::Write;
use std::path::Path;

use ratatui::style::{Color, Style};
use serde_json::{Value, json};

use super::*;

const COLUMNS: u16 = 100;
const ROWS: u16 = 28;
/// Of a cell, in pixels.
const WIDTH: u16 = 8;
const HEIGHT: u16 = 17;
/// Around all of it.
const MARGIN: u16 = 12;
const BACKGROUND: &str = "#16191d";
/// When S4 is killed, S3 gets its weight, and S2 hangs.
const KILLED: u64 = 45;
const WEIGHED: u64 = 70;
const HANGS: u64 = 99;

#[test]
fn docs_the_picture_of_top_is_what_is_drawn() {
    let mut model = model(told(0));
    (1..=100).for_each(|second| {
        model.step(Input::Looked(Ok(Box::new(told(second)))), Duration::from_secs(second));
    });
    let svg = svg(&drawn(&mut model, (COLUMNS, ROWS), true));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/screenshots/top.svg");
    if std::env::var_os("LB_WRITE_DOCS").is_some() {
        std::fs::write(&path, &svg).expect("docs is there");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == svg, "docs/screenshots/top.svg isn't what is drawn: run `just docs`");
}

/// The story up to this second.
fn told(second: u64) -> Look {
    let (is_killed, hangs, is_weighed) = (second >= KILLED, second >= HANGS, second >= WEIGHED);
    let fourth = if is_killed { "S623257" } else { "S4" };
    let members = [("S1", 1), ("S2", 2), ("S3", 3), (fourth, 4), ("S5", 5)];
    let mut backends: Vec<Value> = members.map(|member| member_at(second, member)).into();
    if hangs {
        backends[1]["state"] = "down".into();
        backends[1]["since"] = at(HANGS).into();
        backends[1]["sessions"] = 8.into();
        backends[1]["last_check"] = json!({"at": at(second), "detail": "no answer in 1s", "ok": false});
    }
    if is_killed {
        backends[3]["since"] = at(KILLED).into();
        backends[3]["restarts"] = 1.into();
    }
    for (n, backend) in backends.iter_mut().enumerate() {
        let share = if !is_weighed {
            0.2
        } else if n == 2 {
            0.273
        } else {
            0.182
        };
        backend["share_ideal"] = share.into();
        backend["share"] = (share + [0.002, 0.001, -0.003, 0.001, -0.001][n]).into();
    }
    let mut summary = summary(second);
    summary["verdict"] = if hangs {
        let text = format!("S2 is down since {}: no answer in 1s; it is looked after", at(HANGS));
        json!({"level": "warn", "text": text, "command": null, "reasons": []})
    } else {
        json!({"level": "ok", "text": "5 of 5 replicas are ready", "command": null, "reasons": []})
    };
    of(
        &summary,
        backends,
        events().into_iter().take_while(|event| event["at_ms"].as_u64() <= Some(second * 1000)).collect(),
    )
}

/// A replica that serves, with as many sessions so far as a tide brings.
fn member_at(second: u64, (name, seat): (&str, u32)) -> Value {
    let from = if name == "S623257" { KILLED } else { 0 };
    let stops = if name == "S2" { HANGS } else { u64::MAX };
    let sessions = (from..second.min(stops)).map(|second| tide(second, seat)).sum();
    backend(second, seat, (name, "ready", sessions))
}

fn tide(second: u64, seat: u32) -> u64 {
    let hours = second as f64 / 11.0 + f64::from(seat) / 3.0;
    (34.0 + 22.0 * hours.sin() + 9.0 * (hours * 4.7).cos()) as u64
}

fn events() -> Vec<Value> {
    let ready = (1..=5).map(|n| event(n, 0, "ready", &format!("S{n}"), "after 66 ms"));
    let later = [
        (KILLED, "died", "S4", "killed by signal 9: replica S4 on 127.0.0.1:20449"),
        (KILLED, "replacing", "S623257", "takes the seat of S4 in 0 ms"),
        (KILLED, "ejected", "S4", "11.0 ms after it ended"),
        (KILLED, "started", "S623257", "pid 7585, 127.0.0.1:28463"),
        (KILLED, "ready", "S623257", "after 47 ms"),
        (WEIGHED, "changed", "S3", "weight 1 -> 1.5"),
        (WEIGHED, "mapped", "*", "epoch 2: weight S3 1 -> 1.5; 7.31 % moved, 7.27 % had to, 0 slots needlessly"),
        (HANGS, "down", "S2", "no answer in 1s"),
    ];
    let later =
        later.into_iter().zip(6..).map(|((second, kind, name, detail), id)| event(id, second, kind, name, detail));
    ready.chain(later).collect()
}

fn svg(buffer: &Buffer) -> String {
    let (width, height) = (COLUMNS * WIDTH + 2 * MARGIN, ROWS * HEIGHT + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    for row in 0..ROWS {
        let mut column = 0;
        while column < COLUMNS {
            let style = buffer[(column, row)].style();
            let run = (column..COLUMNS).take_while(|&x| buffer[(x, row)].style() == style);
            let text: String = run.map(|x| buffer[(x, row)].symbol()).collect();
            let columns = text::width(&text) as u16;
            write_run(&mut svg, (column, row), columns, &text, style);
            column += columns;
        }
    }
    svg + "</svg>\n"
}

fn write_run(svg: &mut String, (column, row): (u16, u16), columns: u16, text: &str, style: Style) {
    let (x, y, width) = (MARGIN + column * WIDTH, MARGIN + row * HEIGHT, columns * WIDTH);
    let is_reversed = style.add_modifier.contains(Modifier::REVERSED);
    let mut fill = colour(style);
    if is_reversed {
        writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HEIGHT}\" fill=\"{fill}\"/>")
            .expect(INTO_TEXT);
        fill = BACKGROUND;
    }
    if text.trim().is_empty() {
        return;
    }
    let weight = if style.add_modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    writeln!(
        svg,
        "<text x=\"{x}\" y=\"{}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\" \
         fill=\"{fill}\"{weight}>{text}</text>",
        y + HEIGHT - 4
    )
    .expect(INTO_TEXT);
}

const INTO_TEXT: &str = "a String takes any text";

fn colour(style: Style) -> &'static str {
    match style.fg {
        Some(Color::Green) => "#5fbf87",
        Some(Color::Yellow) => "#e3b341",
        Some(Color::Red) => "#f47067",
        Some(Color::Cyan) => "#56b6c2",
        _ if style.add_modifier.contains(Modifier::DIM) => "#8b949e",
        _ => "#d7dce2",
    }
}
