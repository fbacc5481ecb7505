//! `approve list`.

use std::path::PathBuf;

use serde_json::json;
use wpc::{JobId, approval};

use super::{members, refused, show};
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::store::Named;
use crate::{evidence, output};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The files hold values in clear, with the salts under which the ledger commits to them: give them to
whoever is to approve, and to nobody else.

Example: wpc approve list --ledger ledger/orders.db --trust trust.json --job JOB --out requests

JSON: `requests` [{`request_hash`, `request`, `file`}]")]
pub(super) struct List {
    #[command(flatten)]
    named: Named,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The job
    #[arg(long, value_name = "JOB", value_parser = crate::verb::token::job)]
    job: JobId,
    /// Write each request to CALL.request.json in this directory
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &List, console: &mut Console) -> Result<Done, Failure> {
    let trust = evidence::trust(&args.trust)?;
    let ledger = args.named.store()?.open()?;
    let requests = approval::requests(&*ledger, &trust, &args.job).map_err(|error| refused(&error))?;
    let (mut found, mut batch) = (Vec::new(), output::Batch::default());
    for request in &requests {
        let mut one = members(request)?;
        if let Some(directory) = &args.out {
            let path = directory.join(format!("{}.request.json", request.call));
            let bytes = request.encode().map_err(|error| {
                Failure::no(error.code(), format!("the request cannot be written: {error}")).cause(&error)
            })?;
            batch.stage(&path, &bytes)?;
            console.say(format!("{}", path.display()));
            if let Some(one) = one.as_object_mut() {
                one.insert("file".to_owned(), json!(path.display().to_string()));
            }
        }
        show(request, console);
        found.push(one);
    }
    batch.commit()?;
    console.say(match requests.len() {
        0 => "nothing waits for people".to_owned(),
        1 => "1 call waits for people".to_owned(),
        count => format!("{count} calls wait for people"),
    });
    Ok(Done::yes(json!({ "requests": found })))
}
