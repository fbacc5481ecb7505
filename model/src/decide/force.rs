//! Step 1, as far as the policy alone decides it: whether it may be used now.

use super::admit::{Reason, Refusal};
use crate::Policy;

/// Whether `policy`, and all that it extends, may be used at `now`, Unix milliseconds. Comes before every rule: a policy that is
/// not valid neither allows nor says why it would not.
///
/// # Errors
///
/// [`Refusal`] with [`Reason::PolicyNotValid`] outside the `valid` of a layer, the first of them.
///
/// ```
/// use wpc_model::{Auth, Evidence, Policy, Reason, Settings, Validity, in_force};
/// let settings = Settings { valid: Validity { from: Some(10), until: None }, ..Settings::default() };
/// let auth = Auth { max_ttl_seconds: 900, pin_policy_hash: true, job_scoped_binding: true, proof_of_possession: true };
/// let policy = Policy {
///     name: "p".into(), tools: [].into(), auth, approvals: vec![], evidence: Evidence::default(), settings, schemas: [].into(),
///     orders: vec![], parents: vec![],
/// };
/// assert_eq!(in_force(&policy, 9).map_err(|refusal| refusal.reason), Err(Reason::PolicyNotValid));
/// assert_eq!(in_force(&policy, 10), Ok(()));
/// ```
pub fn in_force(policy: &Policy, now: i64) -> Result<(), Refusal> {
    match (0_u32..).zip(policy.layers()).find(|(_, layer)| !layer.settings.valid.holds_at(now)) {
        None => Ok(()),
        Some((layer, _)) => Err(Refusal::new(Reason::PolicyNotValid, None).of(layer)),
    }
}
