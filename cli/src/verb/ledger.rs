//! `wpc ledger`: the one thing that makes a ledger, and those that read it.

mod checkpoint;
mod clock;
mod cosigned;
mod receipt;
mod said;

use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use clap::Subcommand;
use serde_json::{Value, json};
use wpc::ledger::{Entry, Finding};
use wpc::{JobId, Key, Ledger, LedgerError};

use super::key;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::problems::number;
use crate::store::{Store, Where};
use crate::table::Table;
use wpc_viewer::plain;

pub(crate) use said::Said;

const BAD: Style = AnsiColor::Red.on_default().bold();
/// Entries read at a time.
const PAGE: usize = 1_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: wpc ledger init ledger/orders.db && wpc ledger check ledger/orders.db")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a new ledger; nothing else ever makes one
    #[command(after_help = "\
The ledger is named by a key: `--key`, or a new one that is written to FILE.key. It lies in a
directory of its owner's (mode 0700), which is made where it is missing.

With `--postgres` it lies in the database that WPC_POSTGRES_URL names, and `--key` is needed.

Example: wpc ledger init ledger/orders.db --key ledger.key

JSON: `file` or `server`, `did`, `key`")]
    Init {
        #[command(flatten)]
        at: Where,
        /// The ledger's key file
        #[arg(long, value_name = "FILE", required_if_eq("postgres", "true"))]
        key: Option<PathBuf>,
    },
    /// Bring a ledger forward that an older version of wpc made
    #[command(after_help = "\
Adds the tables that are missing, in one transaction, and changes nothing that is there: every entry,
head and signature stays. All of it is checked first, and a ledger of which anything is wrong is left
as it is. Stop every gate of the ledger before: while one holds it, nothing is done.

Example: wpc ledger upgrade ledger/orders.db

JSON: `file` or `server`, `did`, `from` (the version that it had; null if it is of this one)")]
    Upgrade {
        #[command(flatten)]
        at: Where,
    },
    /// Derive everything again from the entries and compare
    #[command(after_help = "\
Example: wpc ledger check ledger/orders.db

JSON: `file` or `server`, `did`, `jobs`, `entries`, `unsettled`, `findings` [{`code`, `job`, `seq`}]")]
    Check {
        #[command(flatten)]
        at: Where,
    },
    /// Accept the clock after it jumped
    Clock(clock::Args),
    /// List the entries
    #[command(after_help = "\
Example: wpc ledger show ledger/orders.db --job job_7fz3q

JSON: `file` or `server`, `did`, `entries` [the entries as they are recorded]")]
    Show {
        #[command(flatten)]
        at: Where,
        /// Of this job only
        #[arg(long, value_name = "JOB")]
        job: Option<String>,
    },
    /// Print the signed head of the ledger's own log, or ask a witness to cosign it
    Checkpoint(checkpoint::Checkpoint),
    /// Keep a head that witnesses cosigned, for bundles to carry
    Cosigned(cosigned::Cosigned),
    /// Write the receipt of one entry: what shows it without the ledger
    Receipt(receipt::Make),
}

impl Args {
    /// The verb in full.
    pub(crate) fn name(&self) -> &'static str {
        match self.verb {
            Verb::Init { .. } => "ledger init",
            Verb::Upgrade { .. } => "ledger upgrade",
            Verb::Check { .. } => "ledger check",
            Verb::Clock(_) => "ledger clock accept",
            Verb::Show { .. } => "ledger show",
            Verb::Checkpoint(_) => "ledger checkpoint",
            Verb::Cosigned(_) => "ledger cosigned",
            Verb::Receipt(_) => "ledger receipt",
        }
    }
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    match args.verb {
        Verb::Init { at, key } => init(&at.store()?, key, console),
        Verb::Upgrade { at } => upgrade(&at.store()?, console),
        Verb::Check { at } => check(&at.store()?, console),
        Verb::Clock(args) => clock::run(args, console),
        Verb::Show { at, job } => show(&at.store()?, job.as_deref(), console),
        Verb::Checkpoint(args) => checkpoint::run(args, console),
        Verb::Cosigned(args) => cosigned::run(args, console),
        Verb::Receipt(args) => receipt::run(args, console),
    }
}

fn upgrade(store: &Store, console: &mut Console) -> Result<Done, Failure> {
    let from = store.upgrade()?;
    let did = store.open()?.did().to_string();
    match from {
        Some(from) => {
            console.say(format!("brought {} forward from version {from}", plain(&store.to_string())))
        }
        None => console.say(format!("{} is of this version", plain(&store.to_string()))),
    }
    Ok(Done::yes(json!({ store.word(): store.to_string(), "did": did, "from": from })))
}

fn init(store: &Store, key_file: Option<PathBuf>, console: &mut Console) -> Result<Done, Failure> {
    let (key, key_file, is_new) = match (key_file, store) {
        (Some(path), _) => (key::read(&path)?, path, false),
        (None, Store::File(file)) => {
            let mut path = file.as_os_str().to_owned();
            path.push(".key");
            let key = Key::generate()
                .map_err(|error| Failure::environment(error.code(), error.to_string()).cause(&error))?;
            (key, PathBuf::from(path), true)
        }
        (None, Store::Server(_)) => {
            return Err(Failure::environment("usage", "`--postgres` needs `--key`")
                .help("make one with `wpc key new`"));
        }
    };
    let did = key.did();
    store.init(&did)?;
    if is_new && let Store::File(file) = store {
        // The ledger made its directory, so its key comes second; without it there is no ledger.
        key::write(&key, &key_file).inspect_err(|_| {
            let _gone = std::fs::remove_file(file);
        })?;
    }
    console.say(format!("made {}", plain(&store.to_string())));
    console.say(format!("ledger {did}, its key in {}", plain(&key_file.display().to_string())));
    Ok(Done::yes(json!({
        store.word(): store.to_string(),
        "did": did.to_string(),
        "key": key_file.display().to_string(),
    })))
}

fn check(store: &Store, console: &mut Console) -> Result<Done, Failure> {
    let ledger = store.open()?;
    let checked = ledger.check().map_err(|error| store.failed(&error))?;
    let finding = |Finding { code, job, seq }: &Finding| json!({ "code": code, "job": job.as_ref().map(JobId::as_str), "seq": seq });
    for Finding { code, job, seq } in &checked.findings {
        let job = job.as_ref().map(|job| format!(" in {job}")).unwrap_or_default();
        let seq = seq.map(|seq| format!(" at entry {seq}")).unwrap_or_default();
        console.say(format!("{BAD}{code}{BAD:#}{job}{seq}"));
    }
    let count = |count: u64, word: &str| number(usize::try_from(count).unwrap_or(usize::MAX), word);
    console.say(format!(
        "{}, {}, {} unsettled: {}",
        count(checked.jobs, "job"),
        if checked.entries == 1 { "1 entry".to_owned() } else { format!("{} entries", checked.entries) },
        checked.unsettled,
        if checked.findings.is_empty() {
            "sound".to_owned()
        } else {
            number(checked.findings.len(), "finding")
        },
    ));
    let members = json!({
        store.word(): store.to_string(),
        "did": ledger.did().to_string(),
        "jobs": checked.jobs,
        "entries": checked.entries,
        "unsettled": checked.unsettled,
        "findings": checked.findings.iter().map(finding).collect::<Vec<_>>(),
    });
    Ok(if checked.findings.is_empty() { Done::yes(members) } else { Done::no(members) })
}

fn show(store: &Store, job: Option<&str>, console: &mut Console) -> Result<Done, Failure> {
    let ledger = store.open()?;
    let jobs = match job {
        Some(job) => vec![JobId::parse(job).map_err(|error| {
            Failure::environment(error.code(), error.to_string()).help("copy the id from `wpc ledger show`")
        })?],
        None => ledger.jobs().map_err(|error| store.failed(&error))?,
    };
    let (mut recorded, mut lines) = (Vec::new(), 0_usize);
    for job in &jobs {
        console.say(job);
        let mut table = Table::indented(2);
        read(&*ledger, job, |bytes, entry| {
            recorded.push(serde_json::from_slice::<Value>(bytes).unwrap_or_default());
            let Said { what, said } = Said::of(entry);
            table.row([entry.seq.to_string(), wpc_model::instant_text(entry.at), what, said]);
            lines = lines.saturating_add(1);
        })
        .map_err(|error| store.failed(&error))?;
        if !table.is_empty() {
            console.say(table);
        }
    }
    console.say(format!("{}, {lines} entries", number(jobs.len(), "job")));
    Ok(Done::yes(json!({
        store.word(): store.to_string(),
        "did": ledger.did().to_string(),
        "entries": recorded,
    })))
}

/// Every entry of a job, in order; one that cannot be read ends it with an error.
pub(crate) fn read(
    ledger: &dyn Ledger,
    job: &JobId,
    mut each: impl FnMut(&[u8], &Entry),
) -> Result<(), LedgerError> {
    let mut from = 0_u64;
    loop {
        let page = ledger.entries(job, from, PAGE)?;
        if page.is_empty() {
            return Ok(());
        }
        for bytes in page {
            let entry = Entry::decode(&bytes)
                .map_err(|error| LedgerError::Damaged { cause: format!("entry {from}: {error}") })?;
            each(&bytes, &entry);
            from = from.saturating_add(1);
        }
    }
}
