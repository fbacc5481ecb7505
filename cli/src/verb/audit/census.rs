//! `audit census`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wpc::bundle::{MAX_BUNDLE_BYTES, Options, Verdict, verify};
use wpc::census::{Census as Counted, Logged};
use wpc::token::grant::{self, MAX_GRANT_BYTES};
use wpc::{JobId, Trust};

use crate::console::{Console, Done};
use crate::evidence;
use crate::failure::Failure;
use crate::input;
use crate::problems::number;
use crate::store::Named;
use crate::table::Table;
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The ledger's own log lists its jobs. Yes is: every job of it has a bundle that holds and reaches as
far as the log says, every bundle is of a job of it, and nothing is hidden. A job is hidden if the
ledger has it and its log does not, and so is one that only a bundle shows; a log that does not
begin with a head that witnesses cosigned hides whatever it left out.

Give `--checkpoint` from the witness's own hands: the ledger's operator could keep a cosigned head
back. Give `--grants` from the issuer's: a job that nobody opened here was perhaps opened elsewhere.

Example: wpc audit census --ledger ledger/orders.db --bundles bundles --trust trust.json \\
           --checkpoint head.note

JSON: `jobs` [{`job`, `opened_at`, `entries`, `closed`, `bundle`, `verdict`}], `without_bundle`,
`without_job`, `stale`, `refused`, `hidden`, `lost`, `never_opened`, `cosigned`, `findings`")]
pub(super) struct Census {
    #[command(flatten)]
    named: Named,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// A directory whose `*.json` files are the bundles
    #[arg(long, value_name = "DIR")]
    bundles: Vec<PathBuf>,
    /// A head of the ledger's own log that a witness cosigned
    #[arg(long, value_name = "NOTE")]
    checkpoint: Vec<PathBuf>,
    /// A directory whose `*.json` files are the issuer's grants
    #[arg(long, value_name = "DIR")]
    grants: Option<PathBuf>,
}

/// What the bundles say.
#[derive(Default)]
struct Bundles {
    /// Of jobs of this ledger: how far each reaches, the file, and how it verifies.
    of: BTreeMap<JobId, (u64, String, Verdict)>,
    refused: Vec<String>,
    /// Files of other ledgers' jobs.
    elsewhere: u64,
}

pub(super) fn run(args: &Census, console: &mut Console) -> Result<Done, Failure> {
    let trust = evidence::trust(&args.trust)?;
    let mut heads = Vec::new();
    for path in &args.checkpoint {
        let note = evidence::checkpoint(path)?;
        if note.cosigners(&trust).is_empty() {
            return Err(Failure::no("signer_untrusted", "no witness whom the trust file names cosigned it")
                .file(path)
                .help(
                    "give a head that `wpc witness cosign` wrote, and a trust file that names the witness",
                ));
        }
        heads.push(note);
    }
    let store = args.named.store()?;
    let ledger = store.open()?;
    let counted = Counted::of(&*ledger, &heads).map_err(|error| store.failed(&error))?;
    let bundles = bundles(&args.bundles, &trust, ledger.did())?;
    let granted = match &args.grants {
        Some(directory) => granted(directory, &trust, ledger.did())?,
        None => BTreeSet::new(),
    };

    let mut table = Table::indented(2);
    let (mut jobs, mut without_bundle, mut stale) = (Vec::new(), Vec::new(), Vec::new());
    for (job, Logged { opened_at, entries, closed }) in &counted.jobs {
        let found = bundles.of.get(job);
        let said = match found {
            None => {
                without_bundle.push(job.to_string());
                "no bundle".to_owned()
            }
            Some((reaches, file, _)) if reaches < entries => {
                stale.push(job.to_string());
                format!("{}: only {reaches} of {entries} entries", plain(file))
            }
            Some((_, file, verdict)) => format!("{}: {}", plain(file), verdict.word()),
        };
        let state = if *closed { "closed" } else { "open" };
        table.row([job.to_string(), wpc_model::instant_text(*opened_at), state.to_owned(), said]);
        jobs.push(json!({
            "job": job.as_str(),
            "opened_at": wpc_model::instant_text(*opened_at),
            "entries": entries,
            "closed": closed,
            "bundle": found.map(|(_, file, _)| file),
            "verdict": found.map(|(_, _, verdict)| verdict.word()),
        }));
    }
    let unknown = |job: &&JobId| !counted.jobs.contains_key(*job);
    let without_job: Vec<_> = bundles.of.keys().filter(unknown).map(ToString::to_string).collect();
    let never_opened: Vec<_> = granted.iter().filter(unknown).map(ToString::to_string).collect();
    let names = |jobs: &BTreeSet<JobId>| jobs.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (hidden, lost) = (names(&counted.hidden), names(&counted.lost));
    let findings: Vec<_> = counted.findings.iter().map(|error| error.code()).collect();

    if !table.is_empty() {
        console.say(table);
    }
    for (what, which) in [
        ("a bundle shows a job that the ledger's log does not have", &without_job),
        ("the ledger has a job that its log does not have", &hidden),
        ("the ledger's log has a job that the ledger does not have", &lost),
        ("this is no bundle that holds", &bundles.refused),
        ("a token was issued for a job that was never opened here", &never_opened),
    ] {
        which.iter().for_each(|one| console.say(format!("{what}: {}", plain(one))));
    }
    for error in &counted.findings {
        console.say(format!("{}: {error}", error.code()));
    }
    let cosigned = counted.cosigned.iter().map(|(size, note)| {
        let witnesses = note.cosigners(&trust);
        json!({ "size": size, "witnesses": witnesses })
    });
    let last = counted.cosigned.last_key_value().map(|(size, _)| *size);
    console.say(format!(
        "{}, {} without a bundle; {}",
        number(counted.jobs.len(), "job"),
        without_bundle.len(),
        last.map_or_else(
            || "no cosigned head".to_owned(),
            |size| format!(
                "{} of {} leaves lie after the last cosigned head",
                counted.size.saturating_sub(size),
                counted.size
            ),
        ),
    ));
    let wrong: [&[String]; 6] = [&without_bundle, &without_job, &stale, &bundles.refused, &hidden, &lost];
    let sound = findings.is_empty() && wrong.iter().all(|which| which.is_empty());
    let members: Value = json!({
        store.word(): store.to_string(),
        "jobs": jobs,
        "without_bundle": without_bundle,
        "without_job": without_job,
        "stale": stale,
        "refused": bundles.refused,
        "elsewhere": bundles.elsewhere,
        "hidden": hidden,
        "lost": lost,
        "never_opened": never_opened,
        "leaves": counted.size,
        "cosigned": cosigned.collect::<Vec<_>>(),
        "findings": findings,
    });
    Ok(if sound { Done::yes(members) } else { Done::no(members) })
}

/// Verifies every bundle.
fn bundles(directories: &[PathBuf], trust: &Trust, ledger: &wpc::Did) -> Result<Bundles, Failure> {
    let mut bundles = Bundles::default();
    for directory in directories {
        for file in files(directory)? {
            let name = file.display().to_string();
            let bytes = input::bytes(&file, "bundle", MAX_BUNDLE_BYTES)?;
            let report = verify(&bytes, trust, &Options::default());
            let verdict = report.verdict();
            let Some(about) = report.about.filter(|_| verdict != Verdict::Refused) else {
                bundles.refused.push(name);
                continue;
            };
            if about.ledger != *ledger {
                bundles.elsewhere = bundles.elsewhere.saturating_add(1);
                continue;
            }
            let entries = report.counts.entries;
            // Of several of one job, the one that reaches farthest.
            let known = bundles.of.get(&about.job).is_some_and(|(reaches, ..)| *reaches >= entries);
            if !known {
                bundles.of.insert(about.job, (entries, name, verdict));
            }
        }
    }
    Ok(bundles)
}

/// The jobs for which tokens were issued for this ledger.
fn granted(directory: &Path, trust: &Trust, ledger: &wpc::Did) -> Result<BTreeSet<JobId>, Failure> {
    let mut jobs = BTreeSet::new();
    for file in files(directory)? {
        let bytes = input::bytes(&file, "grant", MAX_GRANT_BYTES)?;
        let grant = grant::verify(&bytes, trust).map_err(|error| {
            Failure::no(error.code(), error.to_string())
                .file(&file)
                .help("give a directory that holds grants alone")
                .cause(&error)
        })?;
        if grant.claims().ledger() == ledger {
            jobs.insert(grant.claims().job().clone());
        }
    }
    Ok(jobs)
}

/// The `*.json` files in a directory, by name.
fn files(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::environment("file_unreadable", format!("cannot be read: {}", input::reason(&error)))
            .file(directory)
            .help("give a directory")
            .cause(&error)
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "json") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
