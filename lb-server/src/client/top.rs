//! `lb top`: what the dashboard shows, in a terminal, for as long as somebody looks; with `--once` one picture as text.
//!
//! It asks what any client may ask ([`ask`]) once an interval and changes nothing. The [`model`] decides what is on the
//! screen and the [`view`] paints it, both pure; [`live`] joins them with the terminal ([`screen`]), the keys and the clock.
//! The first look must come off, or its error is this command's; later ones are tried until they do.

use std::io::{IsTerminal, stdout};
use std::thread::sleep;
use std::time::Duration;

use ratatui::crossterm::terminal;

use self::model::{Input, Model, Place};
use super::admin::Admin;
use super::{ClientError, told};
use crate::cli::client::{ADMIN_DEFAULT, Output, TopArgs};
use crate::cli::target::Target;
use crate::exit::Exit;
use crate::say;

mod ask;
mod documents;
mod keys;
mod live;
mod model;
mod picture;
mod samples;
mod screen;
#[cfg(test)]
mod testing;
mod trouble;
mod view;
mod words;

/// `--once` looks twice, so far apart at most: rates are what was counted in between.
const ONCE_SPAN_MAX: Duration = Duration::from_secs(1);
/// Of a picture as text, where nothing says how wide it may be.
const COLUMNS: u16 = 100;

/// Asks `GET /v1/summary`, `/v1/backends`, `/v1/events` and `/v1/explain`.
pub(crate) fn top(args: &TopArgs) -> Exit {
    match (args.admin.answer.output, args.once) {
        (Output::Json, _) => told(Admin::new(&args.admin).and_then(|admin| ask::look_as_json(&admin))),
        (Output::Table, true) => told(once(args)),
        (Output::Table, false) if can_draw() => told(watch(args).map(|()| String::new())),
        (Output::Table, false) => {
            say::line(
                "error: lb top needs a terminal; `lb top --once` prints one picture, `lb rep -o json` is for scripts",
            );
            Exit::Usage
        }
    }
}

fn watch(args: &TopArgs) -> Result<(), ClientError> {
    let impatient = ask::impatient(&args.admin);
    let first = ask::look(&Admin::new(&impatient)?, 0)?;
    live::live(&impatient, Model::new(first, place(args), args.interval.0), wants_colour())
}

fn once(args: &TopArgs) -> Result<String, ClientError> {
    let admin = Admin::new(&args.admin)?;
    let span = args.interval.0.min(ONCE_SPAN_MAX);
    let mut model = Model::new(ask::look(&admin, 0)?, place(args), span);
    sleep(span);
    let second = ask::look(&admin, model.picture.last_event())?;
    model.step(Input::Looked(Ok(Box::new(second))), span);
    Ok(view::picture(&model, columns()))
}

/// Where it is asked, and whether a command that is typed has to say so.
fn place(args: &TopArgs) -> Place {
    let default = std::env::var("LB_ADMIN").unwrap_or_else(|_| ADMIN_DEFAULT.to_owned());
    let is_default = default.parse::<Target>().is_ok_and(|default| default == args.admin.admin);
    let admin = args.admin.admin.to_string();
    Place { flag: (!is_default).then(|| format!(" --admin {admin}")), admin }
}

/// A terminal that knows how to move its cursor.
fn can_draw() -> bool {
    let knows = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
    stdout().is_terminal() && knows
}

/// <https://no-color.org>: whatever it is set to, unless that is nothing.
fn wants_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
}

fn columns() -> u16 {
    let of_terminal = stdout().is_terminal().then(terminal::size).and_then(Result::ok).map(|(columns, _)| columns);
    let said = || std::env::var("COLUMNS").ok()?.parse().ok();
    of_terminal.or_else(said).filter(|columns| *columns > 0).unwrap_or(COLUMNS)
}
