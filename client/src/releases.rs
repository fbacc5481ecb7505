//! Releases on their way from a control plane to a ledger (SECURITY.md 1.11).

use wpc::{FollowError, Ledger, Role, Trust, release};
use wpc_evidence::statement::MAX_RELEASES;

use crate::Client;
use crate::follow::told;

/// Hands `ledger` the releases of `policy_name` that the control plane has.
///
/// Whom nobody trusts to release is not asked for; what a ledger has that is newer stays.
pub(crate) fn hand_over(
    client: &Client,
    ledger: &dyn Ledger,
    trust: &Trust,
    policy_name: &str,
) -> Result<(), FollowError> {
    if !trust.names(Role::Releaser) {
        return Ok(());
    }
    let mut envelopes: Vec<Vec<u8>> = Vec::new();
    while envelopes.len() < MAX_RELEASES {
        let from = u64::try_from(envelopes.len()).unwrap_or(u64::MAX).saturating_add(1);
        // Without a release no job of the policy begins: that is said by whoever opens one.
        let Some(chain) = client.chain(policy_name, from).map_err(told)? else { return Ok(()) };
        let before = envelopes.len();
        envelopes.extend(chain.releases.iter().map(|one| serde_json::to_vec(one).unwrap_or_default()));
        let all = u64::try_from(envelopes.len()).unwrap_or(u64::MAX) >= chain.head_seq;
        if all || envelopes.len() == before {
            break;
        }
    }
    match release::submit(ledger, trust, &envelopes) {
        Ok(_) => Ok(()),
        // Somebody handed the ledger a newer one, past the control plane: that one counts.
        Err(error) if error.code() == "policy_rolled_back" => Ok(()),
        Err(error) => Err(FollowError { code: error.code(), message: error.to_string() }),
    }
}
