//! Releases on their way from a control plane to a ledger (SECURITY.md 1.11).

use wpc::{FollowError, Ledger, Role, Trust, release};

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
    // Without a release no job of the policy begins: that is said by whoever opens one.
    let envelopes = client.releases(policy_name).map_err(told)?;
    if envelopes.is_empty() {
        return Ok(());
    }
    match release::submit(ledger, trust, &envelopes) {
        Ok(_) => Ok(()),
        // Somebody handed the ledger a newer one, past the control plane: that one counts.
        Err(error) if error.code() == "policy_rolled_back" => Ok(()),
        Err(error) => Err(FollowError { code: error.code(), message: error.to_string() }),
    }
}
