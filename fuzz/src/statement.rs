//! Payloads of statements.

use wpc_evidence::statement::{
    Approval, Bound, Heartbeat, Membership, Nonce, Release, Revocation, Revoked, Statement, StatementError,
};
use wpc_evidence::{JobId, Key};
use wpc_model::{Hash, OnChange, Uses};

/// Bytes that read as a statement are the only bytes of it, and it is of one kind.
///
/// # Panics
///
/// Only if that does not hold.
pub fn statement(data: &[u8]) {
    let kinds = [
        reads::<Approval>(data),
        reads::<Heartbeat>(data),
        reads::<Membership>(data),
        reads::<Release>(data),
        reads::<Revocation>(data),
    ];
    assert!(kinds.iter().filter(|read| **read).count() <= 1, "one text, two statements");
    if let Ok(Revocation { seq, revoked, .. }) = Revocation::decode(data) {
        // What lifts is of the kind and value that it lifts, and is never the first statement of a stream.
        let lifts = revoked.lifts();
        assert!(lifts.is_none() || (seq > 1 && lifts.and_then(|of| of.lifted_by()) == Some(revoked)));
    }
}

fn reads<T: Statement>(data: &[u8]) -> bool {
    let Ok(statement) = T::decode(data) else { return false };
    assert_eq!(statement.encode().as_deref(), Ok(data), "two spellings of one statement");
    true
}

/// Payloads to begin from: of every kind, and of every shape that a kind has.
///
/// # Errors
///
/// [`StatementError`] never.
pub fn statements() -> Result<Vec<Vec<u8>>, StatementError> {
    const AT: i64 = 1_767_323_045_678;
    let did = Key::from_seed(&[7; 32]).did();
    let (not_before, not_after) = (AT, AT.saturating_add(60_000));
    let mut all = vec![
        Membership { role: "boss".to_owned(), member: did, not_before, not_after }.encode()?,
        Heartbeat { seq: 0, at: AT }.encode()?,
        Release {
            policy_name: "orders".to_owned(),
            seq: 2,
            policy_hash: Hash::of(b"policy"),
            previous: Some(Hash::of(b"release")),
            not_before,
            not_after,
            running: OnChange::Drain,
        }
        .encode()?,
    ];
    let (Ok(job), Some(nonce)) = (JobId::parse("job-1"), Nonce::parse(&"a".repeat(26))) else {
        return Ok(all);
    };
    for revoked in [
        Revoked::Jti { issuer: did, jti: "token".to_owned() },
        Revoked::Job(job.clone()),
        Revoked::Policy(Hash::of(b"policy")),
        Revoked::Agent("agent:planner@3".to_owned()),
        Revoked::IssuerKey(did),
        Revoked::Approval(Hash::of(b"approval")),
    ] {
        all.push(Revocation { seq: 1, prev: None, at: AT, revoked }.encode()?);
    }
    let prev = Some(Hash::of(b"revocation"));
    for revoked in [Revoked::AgentLifted("agent:planner@3".to_owned()), Revoked::IssuerKeyLifted(did)] {
        all.push(Revocation { seq: 2, prev, at: AT, revoked }.encode()?);
    }
    let first = Release {
        policy_name: "orders".to_owned(),
        seq: 1,
        policy_hash: Hash::of(b"policy"),
        previous: None,
        not_before,
        not_after,
        running: OnChange::Kill,
    };
    all.push(first.encode()?);
    let root = Hash::of(b"root");
    for (bind, uses) in [
        (Bound::Arguments(root), Uses::Times(1)),
        (Bound::Names(vec!["messages".to_owned()], root), Uses::Times(7)),
        (Bound::Nothing, Uses::Unlimited),
    ] {
        let approval = Approval {
            request: Hash::of(b"request"),
            ledger: did,
            job: job.clone(),
            tool: "azure_service_bus".to_owned(),
            action: "deadletter_purge".to_owned(),
            resource: None,
            bind,
            uses,
            issued_at: not_before,
            not_after,
            nonce: nonce.clone(),
        };
        all.push(approval.encode()?);
    }
    Ok(all)
}
