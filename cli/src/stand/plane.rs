//! The control plane that a gate's ledger follows.

use std::sync::Arc;
use std::time::Duration;

use wpc::ledger::Followed;
use wpc::{Key, Ledger, LedgerError, Trust};
use wpc_client::{Client, Follower};

use crate::console::Console;
use crate::failure::Failure;
use crate::plane::failed;

/// How long the control plane may take to be heard at first.
const HEARD: Duration = Duration::from_secs(15);

/// What keeps a ledger up to date, as long as a gate serves.
pub(crate) struct Following(Arc<Follower>);

/// `ledger`, kept up to date with the control plane at `url`, which is asked with the ledger's own key.
pub(super) fn follow(
    url: &str,
    key: Key,
    ledger: Arc<dyn Ledger>,
    trust: &Trust,
) -> Result<(Arc<dyn Ledger>, Following), Failure> {
    let client = Client::new(url, Arc::new(key)).map_err(|error| failed(&error))?;
    let of_ledger = |error: LedgerError| Failure::environment(error.code(), error.to_string()).cause(&error);
    let follower = Follower::start(client, Arc::clone(&ledger), trust.clone()).map_err(of_ledger)?;
    if !follower.wait(HEARD) {
        let message = format!("the control plane at {url} is not heard");
        return Err(Failure::environment("control_plane_unavailable", message).help(
            "check its address and `GET /health/ready` there; its key has the role `revoker` in the trust file, \
             and this ledger's the role `ledger` in its own",
        ));
    }
    let followed = Followed::new(ledger, follower.following());
    Ok((Arc::new(followed), Following(Arc::new(follower))))
}

impl Following {
    /// Hands in what the control plane does not have yet.
    pub(crate) async fn finish(self, console: &mut Console) {
        let finished = tokio::task::spawn_blocking(move || self.0.finish()).await;
        let why = match finished {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        console.warn(format!("warning: the control plane does not have the last evidence: {why}"));
    }
}
