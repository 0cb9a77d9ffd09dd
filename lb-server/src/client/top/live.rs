//! The loop of `lb top`: keys, answers, signals and the time go into the [`Model`], what it wants done is done here. Thin.
//!
//! Two threads beside: one reads the terminal (nothing can interrupt a read), one asks the balancer, a question at a
//! time. Where one of them is gone, the picture ends.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use humantime::format_duration;
use ratatui::crossterm::event::{self, Event};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until};

use super::super::ClientError;
use super::super::admin::Admin;
use super::ask;
use super::keys;
use super::model::{Do, Input, Model, Question};
use super::screen::Screen;
use crate::cli::client::AdminArgs;
use crate::signals::Signals;

/// Until somebody quits or a signal ends it.
pub(super) fn live(args: &AdminArgs, model: Model, colour: bool) -> Result<(), ClientError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (question, questions) = channel();
    let (answer, answers) = unbounded_channel();
    let (event, events) = unbounded_channel();
    let args = args.clone();
    thread::Builder::new().name("asker".to_owned()).spawn(move || answer_all(&args, &questions, &answer))?;
    let signals = {
        let _context = runtime.enter();
        Signals::new(true)?
    };
    let screen = Screen::enter(colour).map_err(|error| {
        io::Error::other(format!("the terminal can't be used: {error}; `lb top --once` needs none"))
    })?;
    // Only now: it must not read what was typed for the shell.
    thread::Builder::new().name("keys".to_owned()).spawn(move || read_all(&event))?;
    let top = Top { model, screen, question, start: Instant::now() };
    Ok(runtime.block_on(top.run(signals, events, answers))?)
}

struct Top {
    model: Model,
    screen: Screen,
    question: Sender<Question>,
    start: Instant,
}

/// Whether it goes on.
enum Next {
    On,
    Quit,
}

impl Top {
    async fn run(
        mut self,
        mut signals: Signals,
        mut events: UnboundedReceiver<Event>,
        mut answers: UnboundedReceiver<Input>,
    ) -> io::Result<()> {
        loop {
            self.screen.draw(&mut self.model)?;
            let input = tokio::select! {
                () = signals.next() => return Ok(()),
                event = events.recv() => match event {
                    Some(Event::Key(event)) => match keys::key(&event, self.model.typed.is_some()) {
                        Some(key) => Input::Key(key),
                        None => continue,
                    },
                    // The size: the next draw asks for it.
                    Some(_) => Input::Time,
                    None => return Err(io::Error::other("the terminal can't be read any more")),
                },
                answer = answers.recv() => match answer {
                    Some(answer) => answer,
                    None => return Err(io::Error::other("nothing asks the balancer any more")),
                },
                () = sleep_until(self.start + self.model.wakes_at()) => Input::Time,
            };
            for due in self.model.step(input, self.start.elapsed()) {
                if let Next::Quit = self.carry_out(due)? {
                    return Ok(());
                }
            }
        }
    }

    fn carry_out(&mut self, due: Do) -> io::Result<Next> {
        match due {
            Do::Quit => return Ok(Next::Quit),
            Do::Suspend => self.screen.suspend()?,
            Do::Redraw => self.screen.redraw()?,
            Do::Ask(question) => {
                self.question.send(question).map_err(|_| io::Error::other("nothing asks the balancer any more"))?;
            }
        }
        Ok(Next::On)
    }
}

/// Ends with whoever reads the answers.
fn answer_all(args: &AdminArgs, questions: &Receiver<Question>, answers: &UnboundedSender<Input>) {
    while let Ok(question) = questions.recv() {
        if answers.send(answered(args, question)).is_err() {
            return;
        }
    }
}

/// The token is read each time: it may be another by now.
fn answered(args: &AdminArgs, question: Question) -> Input {
    let admin = Admin::new(args);
    let told = |error: ClientError| match error {
        // How long is our business here ([`ask::impatient`]), not --timeout's.
        ClientError::TimedOut { target, after } => format!("{target}: no answer within {}", format_duration(after)),
        error => error.to_string(),
    };
    match question {
        Question::Look { after } => {
            Input::Looked(admin.and_then(|admin| ask::look(&admin, after)).map(Box::new).map_err(told))
        }
        Question::Explain(key) => {
            let said = admin.and_then(|admin| ask::explained(&admin, &key)).map_err(told);
            Input::Explained { key, said }
        }
    }
}

/// Ends with the terminal, or with whoever wants the keys.
fn read_all(events: &UnboundedSender<Event>) {
    while let Ok(event) = event::read() {
        if events.send(event).is_err() {
            return;
        }
    }
}
