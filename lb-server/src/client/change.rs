//! `lb add`, `rm`, `drain`, `undrain`, `weight`, `limit`, `scale`, `rollback`, and their plans.
//!
//! A change that takes something away shows its plan and asks first, where somebody can answer; what is then done is that
//! plan or nothing, because it is asked for under the epoch that the plan was made for. Names are printed as typed to the
//! API: what is wrong with them is decided there. `add` and `rm` without a plan and a key go to the paths of the assignment,
//! which the front of its profile answers too.

use serde_json::{Value, json};

use super::admin::{Admin, Ask, percent_encoded};
use super::answer::Answer;
use super::confirm::{self, Confirmed};
use super::http::{Method, Terms};
use super::plan::Change;
use super::{ClientError, names, told};
use crate::cli::change::{
    AddArgs, HowArgs, LimitArgs, NameArgs, PlanCommand, RmArgs, RollbackArgs, ScaleArgs, WaitArgs, WeightArgs, WhoArgs,
};
use crate::cli::client::AdminArgs;
use crate::exit::Exit;

/// What is asked of `/v1`.
#[derive(Debug)]
struct Wanted {
    method: Method,
    path: String,
    body: Option<Value>,
    wait: WaitArgs,
    ask_first: AskFirst,
}

/// Whether somebody is asked before it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AskFirst {
    Never,
    /// It takes something away from whoever uses it.
    Always,
    /// It may.
    IfItRemoves,
}

impl Wanted {
    fn new(method: Method, path: impl Into<String>, body: Option<Value>) -> Self {
        Self { method, path: path.into(), body, wait: WaitArgs { wait: None }, ask_first: AskFirst::Never }
    }

    fn query(&self, dry_run: bool) -> String {
        let wait = self.wait.wait.map(|period| format!("wait={}ms", period.0.as_millis()));
        let dry_run = dry_run.then(|| "dry_run=true".to_owned());
        let parts: Vec<String> = [wait, dry_run].into_iter().flatten().collect();
        if parts.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, parts.join("&")) }
    }

    fn ask(&self, admin: &Admin<'_>, dry_run: bool, terms: Terms<'_>) -> Result<Answer, ClientError> {
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        admin.ask(Ask { method: self.method.clone(), path: &self.query(dry_run), body, terms })
    }
}

/// `lb add`.
pub(crate) fn add(args: &AddArgs) -> Exit {
    if args.how.dry_run {
        return told(plan(&args.how.admin, &to_add(args)));
    }
    if args.how.idempotency_key.is_some() {
        return told(make(&args.how, &to_add(args), None, Change::names));
    }
    let path = Wanted { wait: args.wait, ..Wanted::new(Method::POST, "/add", None) }.query(false);
    told(by_assignment(&args.how.admin, Method::POST, &path, &args.who))
}

/// `lb rm`.
pub(crate) fn rm(args: &RmArgs) -> Exit {
    if args.how.dry_run || args.how.idempotency_key.is_some() || asks(&args.how) {
        return carry_out(&args.how, &to_remove(&args.who), Change::names);
    }
    told(by_assignment(&args.how.admin, Method::DELETE, "/rm", &args.who))
}

/// `lb drain`.
pub(crate) fn drain(args: &NameArgs) -> Exit {
    carry_out(&args.how, &to_drain(&args.name, true), Change::summary)
}

/// `lb undrain`.
pub(crate) fn undrain(args: &NameArgs) -> Exit {
    carry_out(&args.how, &to_drain(&args.name, false), Change::summary)
}

/// `lb weight`.
pub(crate) fn weight(args: &WeightArgs) -> Exit {
    carry_out(&args.how, &to_weigh(args), Change::summary)
}

/// `lb limit`.
pub(crate) fn limit(args: &LimitArgs) -> Exit {
    carry_out(&args.how, &to_limit(args), Change::summary)
}

/// `lb scale`.
pub(crate) fn scale(args: &ScaleArgs) -> Exit {
    carry_out(&args.how, &to_scale(args), Change::summary)
}

/// `lb rollback`.
pub(crate) fn rollback(args: &RollbackArgs) -> Exit {
    carry_out(&args.how, &to_roll_back(args), Change::summary)
}

/// `lb plan`.
pub(crate) fn plan_only(command: &PlanCommand) -> Exit {
    let (how, wanted) = match command {
        PlanCommand::Add(args) => (&args.how, to_add(args)),
        PlanCommand::Rm(args) => (&args.how, to_remove(&args.who)),
        PlanCommand::Drain(args) => (&args.how, to_drain(&args.name, true)),
        PlanCommand::Undrain(args) => (&args.how, to_drain(&args.name, false)),
        PlanCommand::Weight(args) => (&args.how, to_weigh(args)),
        PlanCommand::Limit(args) => (&args.how, to_limit(args)),
        PlanCommand::Scale(args) => (&args.how, to_scale(args)),
        PlanCommand::Rollback(args) => (&args.how, to_roll_back(args)),
    };
    told(plan(&how.admin, &wanted))
}

fn to_add(args: &AddArgs) -> Wanted {
    Wanted { wait: args.wait, ..Wanted::new(Method::POST, "/v1/backends", Some(who("names", &args.who))) }
}

fn to_remove(args: &WhoArgs) -> Wanted {
    Wanted { ask_first: AskFirst::Always, ..Wanted::new(Method::DELETE, "/v1/backends", Some(who("names", args))) }
}

fn to_drain(name: &str, drained: bool) -> Wanted {
    let ask_first = if drained { AskFirst::Always } else { AskFirst::Never };
    Wanted { ask_first, ..edit(name, json!({"drained": drained})) }
}

fn to_weigh(args: &WeightArgs) -> Wanted {
    edit(&args.name, json!({"weight": args.weight}))
}

fn to_limit(args: &LimitArgs) -> Wanted {
    edit(&args.name, json!({"max_connections": args.max_connections}))
}

fn to_scale(args: &ScaleArgs) -> Wanted {
    let asked = Wanted::new(Method::PUT, "/v1/target", Some(json!({"n": args.n})));
    Wanted { wait: args.wait, ask_first: AskFirst::IfItRemoves, ..asked }
}

fn to_roll_back(args: &RollbackArgs) -> Wanted {
    let path = format!("/v1/epochs/{}/rollback", args.epoch);
    Wanted { wait: args.wait, ask_first: AskFirst::Always, ..Wanted::new(Method::POST, path, None) }
}

fn edit(name: &str, body: Value) -> Wanted {
    Wanted::new(Method::PATCH, format!("/v1/backends/{}", percent_encoded(name)), Some(body))
}

/// Without `n` the list's length counts.
fn who(names: &str, args: &WhoArgs) -> Value {
    match args.n {
        Some(n) => json!({"n": n, names: args.names}),
        None => json!({names: args.names}),
    }
}

fn by_assignment(args: &AdminArgs, method: Method, path: &str, who_args: &WhoArgs) -> Result<String, ClientError> {
    let admin = Admin::new(args)?;
    let body = who("hostnames", who_args).to_string();
    names(&admin.ask(Ask { method, path, body, terms: Terms::default() })?, args)
}

fn plan(args: &AdminArgs, wanted: &Wanted) -> Result<String, ClientError> {
    let admin = Admin::new(args)?;
    admin.show(&wanted.ask(&admin, true, Terms::default())?, |change: Change| change.plan())
}

fn asks(how: &HowArgs) -> bool {
    !how.yes && confirm::can_ask()
}

/// Plans it, asks where it takes something away, does it, and says what was done: `done` makes the words of it.
fn carry_out(how: &HowArgs, wanted: &Wanted, done: impl FnOnce(&Change) -> String) -> Exit {
    if how.dry_run {
        return told(plan(&how.admin, wanted));
    }
    if wanted.ask_first == AskFirst::Never || !asks(how) {
        return told(make(how, wanted, None, done));
    }
    match agreed(&how.admin, wanted) {
        Ok(Some(planned)) => {
            let chosen = as_planned(&planned);
            told(make(how, chosen.as_ref().unwrap_or(wanted), Some(planned.base_epoch), done))
        }
        Ok(None) => {
            crate::say::line("nothing was changed");
            Exit::Failed
        }
        Err(error) => told(Err(error)),
    }
}

/// What was agreed to, where it was.
fn agreed(args: &AdminArgs, wanted: &Wanted) -> Result<Option<Change>, ClientError> {
    let admin = Admin::new(args)?;
    let planned: Change = admin.read(&wanted.ask(&admin, true, Terms::default())?)?;
    if wanted.ask_first == AskFirst::IfItRemoves && planned.removed().is_empty() {
        return Ok(Some(planned));
    }
    Ok((confirm::confirm(&planned.plan()) == Confirmed::Yes).then_some(planned))
}

/// Where the balancer has picked whom to remove, another pick would be another plan: those very ones go.
fn as_planned(planned: &Change) -> Option<Wanted> {
    let names = planned.removed();
    let picked = !names.is_empty() && matches!(&*planned.change.kind, "remove" | "target");
    picked.then(|| Wanted::new(Method::DELETE, "/v1/backends", Some(json!({"names": names}))))
}

fn make(
    how: &HowArgs,
    wanted: &Wanted,
    epoch: Option<u64>,
    done: impl FnOnce(&Change) -> String,
) -> Result<String, ClientError> {
    let admin = Admin::new(&how.admin)?;
    let answer = wanted.ask(&admin, false, Terms { epoch, key: how.idempotency_key.as_deref() })?;
    admin.show(&answer, |change: Change| done(&change))
}
