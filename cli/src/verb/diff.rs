//! `wpc diff`: what a new policy allows that an old one does not, and the other way round.

mod changes;
mod side;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use serde_json::{Value, json};
use wpc_analysis::{Case, Comparison, Difference, Direction, Part, Setting, Shown, Step, Verdict, compare};
use wpc_model::{Call, RuleId, instant_text};

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::input;
use crate::param::{self, Param};
use crate::progress;
use changes::changes;
use side::Side;
use wpc_viewer::plain;
use wpc_viewer::words;

const WIDER: Style = AnsiColor::Red.on_default().bold();
const NARROWER: Style = AnsiColor::Green.on_default().bold();
const UNDECIDED: Style = AnsiColor::Yellow.on_default().bold();

/// Calls that people are shown in each direction; programs get all.
const MAX_TOLD: usize = 5;

/// Longest call that people are shown whole, in characters.
const MAX_CALL: usize = 600;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
OLD and NEW are artifacts, envelopes or `.wpc` files, which are compiled first. The answer is one of
`equal`, `narrower` (NEW allows less), `wider`, `incomparable` (each allows what the other does not)
and `undecided`; every difference comes with a call that was replayed under both policies, or with
the rules for which none was found. Compared are rules, limits, approvals, orders of calls, and what
is demanded of tokens and evidence. With `--require` the answer is no unless it is proved; `equal`
is `narrower` too.

Example: wpc diff released.wpc.json policies/orders.wpc --require narrower

JSON: `verdict`, `required` or null, `old` and `new` {`policy_name`, `policy_hash_b64u`}, `changes`
[{`change` (`added`, `removed`, `changed`), `kind`, `effect` (`wider`, `narrower`, `incomparable`,
`undecided`, `none` or null), `old` and `new` ({`id`, `text`, `line`} or null)}], `differences`
[{`direction`, `part`, `rule` and `denied_by` (ids or null), `parent` (hash or null), `decided`,
`call` or null, `at` (when it is decided, or null where no rule reads the clock), `times`,
`apart_ms`, `after` (earlier calls of the job, done: [{`call`, `result`, `ago_ms`}]), `because` [ids]}],
`more` (whether further differences were not looked for)")]
pub(crate) struct Args {
    /// The policy that is in force; `-` is standard input
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The policy that is to replace it; `-` is standard input
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Answer no unless NEW is at most so wide
    #[arg(long, value_name = "ANSWER", value_enum)]
    require: Option<Require>,
    /// Give a parameter of what is compiled a value instead of its default
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<Param>,
}

/// What a gate demands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Require {
    /// NEW allows nothing that OLD does not
    Narrower,
    /// NEW allows exactly what OLD does
    Equal,
}

impl Require {
    const fn word(self) -> &'static str {
        match self {
            Self::Narrower => "narrower",
            Self::Equal => "equal",
        }
    }

    const fn is_met(self, verdict: Verdict) -> bool {
        match self {
            Self::Narrower => matches!(verdict, Verdict::Equal | Verdict::Narrower),
            Self::Equal => matches!(verdict, Verdict::Equal),
        }
    }
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    input::once([&args.old, &args.new])?;
    let parameters = param::collect(&args.param)?;
    let (old, new) = match (side::read(&args.old, &parameters)?, side::read(&args.new, &parameters)?) {
        (Ok(old), Ok(new)) => (old, new),
        (old, new) => return Ok(side::broken(old.err().into_iter().chain(new.err()), console)),
    };
    let found = progress::during(console, "comparing", || compare(&old.policy, &new.policy));
    let changes = changes(&old, &new, &found);
    if !changes.is_empty() {
        console.say(changes.table());
        console.say("");
    }
    for direction in [Direction::Wider, Direction::Narrower] {
        tell(direction, &found, [&old, &new], console);
    }
    console.say(summary(found.verdict));
    let is_met = args.require.is_none_or(|require| require.is_met(found.verdict));
    if let Some(require) = args.require.filter(|_| !is_met) {
        console.say(format!("required: {}", require.word()));
    }
    let differences: Vec<Value> =
        found.differences.iter().map(|one| difference(one, [&old, &new])).collect::<Result<_, _>>()?;
    let members = json!({
        "verdict": found.verdict.word(),
        "required": args.require.map(Require::word),
        "old": old.json(),
        "new": new.json(),
        "changes": changes.json(),
        "differences": differences,
        "more": found.more,
    });
    Ok(if is_met { Done::yes(members) } else { Done::no(members) })
}

/// The verdict and what it means.
fn summary(verdict: Verdict) -> String {
    let (style, meaning) = match verdict {
        Verdict::Equal => (NARROWER, "both allow the same"),
        Verdict::Narrower => (NARROWER, "the new policy allows less"),
        Verdict::Wider => (WIDER, "the new policy allows more"),
        Verdict::Incomparable => (WIDER, "the new policy allows more here and less there"),
        Verdict::Undecided => (UNDECIDED, "not everything could be compared"),
    };
    format!("{style}{}{style:#}: {meaning}", verdict.word())
}

/// The policy that allows more, then the one that allows less.
fn sides(direction: Direction, [old, new]: [&Side; 2]) -> [&Side; 2] {
    match direction {
        Direction::Wider => [new, old],
        Direction::Narrower => [old, new],
    }
}

/// Says what shows the differences in one direction.
fn tell(direction: Direction, found: &Comparison, both: [&Side; 2], console: &mut Console) {
    let here: Vec<_> = found.differences.iter().filter(|one| one.direction == direction).collect();
    for one in here.iter().take(MAX_TOLD) {
        told(one, both, console);
    }
    let left = here.len().saturating_sub(MAX_TOLD);
    if left > 0 {
        console.say(format!("{left} more that are {}: `--format json` has all\n", direction.word()));
    }
}

fn told(one: &Difference, both: [&Side; 2], console: &mut Console) {
    let [more, less] = sides(one.direction, both);
    let style = match (&one.shown, one.direction) {
        (Shown::Undecided(_), _) => UNDECIDED,
        (_, Direction::Wider) => WIDER,
        (_, Direction::Narrower) => NARROWER,
    };
    let word = if matches!(one.shown, Shown::Undecided(_)) { "undecided" } else { one.direction.word() };
    let mut lines = vec![format!("{style}{word}{style:#}: {}", what(one, more, less))];
    match &one.shown {
        Shown::Call(case) => lines.push(format!("  {}", shown(case, more))),
        Shown::Calls { case, times, apart_ms } => {
            let apart = match *apart_ms {
                0 => "at once".to_owned(),
                apart => format!("{} apart", words::duration(apart)),
            };
            let times = if *times == 1 { String::new() } else { format!("{times} times, {apart}: ") };
            lines.push(format!("  {times}{}", shown(case, more)));
        }
        Shown::Row(steps) => {
            for (index, Step { case, result }) in steps.iter().enumerate() {
                let order = if index == 0 { "first" } else { "then" };
                lines.push(format!("  {order}{}: {}", since(steps, case), shown(case, more)));
                if !result.is_empty() {
                    lines.push(format!("    which returned {}", plain(&returned(result).to_string())));
                }
            }
        }
        Shown::Itself => {}
        Shown::Undecided(rules) => {
            let named = rules.iter().map(|id| format!("  because of: {}", either(*id, more, less)));
            lines.extend(named);
        }
    }
    console.say(lines.join("\n"));
    console.say("");
}

/// How long after the first call another one comes.
fn since(steps: &[Step], case: &Case) -> String {
    let first = steps.first().map_or(case.moment.now_ms, |first| first.case.moment.now_ms);
    match case.moment.now_ms.saturating_sub(first) {
        0 => String::new(),
        ms => format!(", {} later", words::duration(ms)),
    }
}

/// What a call returned.
fn returned(result: &BTreeMap<String, wpc_model::Value>) -> Value {
    let of = |value: &wpc_model::Value| match value {
        wpc_model::Value::Bool(value) => json!(value),
        wpc_model::Value::Int(value) => json!(value),
        wpc_model::Value::Text(text) => json!(text),
        // No witness holds these.
        wpc_model::Value::List(_) | wpc_model::Value::Map(_) | wpc_model::Value::Sealed(_) => Value::Null,
    };
    result.iter().map(|(name, value)| (name.clone(), of(value))).collect()
}

/// A rule of either policy, in words.
fn either(id: RuleId, more: &Side, less: &Side) -> String {
    more.said(id).or_else(|| less.said(id)).unwrap_or_else(|| id.to_string())
}

/// What differs, in one sentence.
fn what(one: &Difference, more: &Side, less: &Side) -> String {
    let (more_word, less_word) = match one.direction {
        Direction::Wider => ("new", "old"),
        Direction::Narrower => ("old", "new"),
    };
    match &one.part {
        Part::Allow { rule, denied_by } => {
            let refusal = match denied_by {
                Some(deny) => format!("in the {less_word} policy: {}", either(*deny, less, more)),
                None => format!("in the {less_word} policy nothing allows it"),
            };
            format!("in the {more_word} policy: {}\n  {refusal}", either(*rule, more, less))
        }
        Part::Limit(id) | Part::Approval(id) | Part::Order(id) => {
            format!("only in the {less_word} policy: {}", either(*id, less, more))
        }
        Part::Parent(hash) => {
            format!("only the {less_word} policy extends {} ({hash})", less.parent(*hash))
        }
        Part::Setting(setting) => {
            let name = match setting {
                Setting::Lifetime => "how long a token lives",
                Setting::Pin => "whether a token names the policy",
                Setting::Job => "whether a token is for one job",
                Setting::Holder => "whether the holder proves the agent's key",
                Setting::Receipts => "whether model calls leave receipts",
                Setting::Retention => "how long openings are kept",
                Setting::Models => "which models may be called",
                Setting::Sandbox => "what the agent runs in",
                Setting::Agents => "who may work on a job",
                Setting::Requesters => "who may ask for a job",
                Setting::Environment => "the environment",
                Setting::Credential => "what clients log in with",
                Setting::Valid => "when the policy may be used",
                Setting::OnChange => "what becomes of running jobs",
            };
            let values = [(less_word, less.setting(*setting)), (more_word, more.setting(*setting))];
            format!("{name}\n{}", values.map(|(word, value)| format!("  {word}: {value}")).join("\n"))
        }
    }
}

/// The call for people, cut where it is long.
fn shown(Case { call, moment }: &Case, side: &Side) -> String {
    let text = text(call, side);
    let at =
        if side.reads_the_clock() { format!("at {}: ", instant_text(moment.now_ms)) } else { String::new() };
    match text.char_indices().nth(MAX_CALL).and_then(|(at, _)| text.get(..at)) {
        Some(begin) => format!("{at}{}… (`--format json` has all of it)", plain(begin)),
        None => format!("{at}{}", plain(&text)),
    }
}

/// The call as `wpc why` reads it.
fn text(call: &Call, side: &Side) -> String {
    String::from_utf8(call.to_json(&side.policy).encode()).unwrap_or_default()
}

fn difference(one: &Difference, both: [&Side; 2]) -> Result<Value, Failure> {
    let [more, _] = sides(one.direction, both);
    let (part, rule, denied_by) = match &one.part {
        Part::Allow { rule, denied_by } => ("allow", Some(rule), denied_by.as_ref()),
        Part::Limit(id) => ("limit", Some(id), None),
        Part::Order(id) => ("order", Some(id), None),
        Part::Approval(id) => ("approval", Some(id), None),
        Part::Parent(_) => ("parent", None, None),
        Part::Setting(setting) => (side::word(*setting), None, None),
    };
    let parent = match &one.part {
        Part::Parent(hash) => Some(hash.to_string()),
        Part::Allow { .. } | Part::Limit(_) | Part::Order(_) | Part::Approval(_) | Part::Setting(_) => None,
    };
    let (case, times, apart_ms, because) = match &one.shown {
        Shown::Call(case) => (Some(&**case), 1, 0, [].as_slice()),
        Shown::Calls { case, times, apart_ms } => (Some(&**case), *times, *apart_ms, [].as_slice()),
        Shown::Row(steps) => (steps.last().map(|last| &last.case), 1, 0, [].as_slice()),
        Shown::Itself => (None, 0, 0, [].as_slice()),
        Shown::Undecided(rules) => (None, 0, 0, rules.as_slice()),
    };
    let json = |case: &Case| -> Result<Value, Failure> {
        serde_json::from_str(&text(&case.call, more)).map_err(|error| {
            Failure::no("malformed", "the call that shows a difference cannot be written").cause(&error)
        })
    };
    let call = case.map(&json).transpose()?;
    let mut after = Vec::new();
    if let Shown::Row(steps) = &one.shown
        && let Some((last, earlier)) = steps.split_last()
    {
        for step in earlier {
            let ago = last.case.moment.now_ms.saturating_sub(step.case.moment.now_ms);
            after.push(json!({ "call": json(&step.case)?, "result": returned(&step.result), "ago_ms": ago }));
        }
    }
    Ok(json!({
        "direction": one.direction.word(),
        "part": part,
        "rule": rule.map(RuleId::to_string),
        "denied_by": denied_by.map(RuleId::to_string),
        "parent": parent,
        "decided": !matches!(one.shown, Shown::Undecided(_)),
        "call": call,
        "at": case.filter(|_| more.reads_the_clock()).map(|case| instant_text(case.moment.now_ms)),
        "times": times,
        "apart_ms": apart_ms,
        "after": after,
        "because": because.iter().map(RuleId::to_string).collect::<Vec<_>>(),
    }))
}
