//! Revocations of agents and of issuers' keys that are lifted (SECURITY.md 1.10).

use wpc::ledger::{Body, LedgerError, Misplaced, RevocationKey};
use wpc::{DynamicGate, Key, Outcome, approval};
use wpc_evidence::statement::{Revocation, Revoked, Statement as _};
use wpc_model::Hash;

use crate::clock::START_MS;
use crate::policy::send;
use crate::rig::{Rig, job, on_each};
use crate::standing::{agent, anns, issued, issuer, open, refused, revoke, revoker, trust};

#[track_caller]
fn works(gate: &DynamicGate) {
    gate.begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
}

fn both() -> [(Revoked, &'static str); 2] {
    [
        (Revoked::Agent(agent().did().to_string()), "agent_revoked"),
        (Revoked::IssuerKey(issuer().did()), "issuer_revoked"),
    ]
}

/// What is signed next, by `key`.
fn says(rig: &Rig, key: &Key, revoked: Revoked) -> Result<u64, &'static str> {
    let trust = trust();
    let next = approval::next_revocation(&*rig.ledger, &trust, revoked, START_MS).unwrap();
    let envelope = next.sign(std::slice::from_ref(key)).map_err(|error| error.code())?;
    approval::revoke(&*rig.ledger, &trust, &envelope).map_err(|error| error.code())
}

#[test]
fn a_lift_makes_older_tokens_good_again_until_the_next_revocation() {
    for (revoked, code) in both() {
        on_each(|rig| {
            let lift = revoked.lifted_by().unwrap();
            let gate = open(rig, &anns(), "j");
            works(&gate);
            revoke(rig, revoked.clone());
            assert_eq!(refused(&gate, send("orders", &[1])), code);
            rig.clock.pass(1_000);
            // Revoked twice is lifted once.
            revoke(rig, revoked.clone());
            assert_eq!(refused(&gate, send("orders", &[1])), code);
            revoke(rig, lift.clone());
            works(&gate);
            rig.clock.pass(1_000);
            revoke(rig, revoked.clone());
            assert_eq!(refused(&gate, send("orders", &[1])), code);
            // A token that was issued since is good whether or not anything is lifted.
            rig.clock.pass(1_000);
            gate.renew(issued(rig, &anns(), "j").presented()).unwrap();
            works(&gate);
            revoke(rig, lift.clone());
            works(&gate);
            let named = rig.log(&job("j")).into_iter().filter_map(|entry| match entry.body {
                Body::Revoked(revoked) => Some(revoked.revocation_seq),
                _ => None,
            });
            assert_eq!(named.collect::<Vec<_>>(), [1, 2, 4]);
            let kinds: Vec<_> =
                rig.ledger.revocations(0).unwrap().into_iter().map(|row| row.revocation.kind).collect();
            let (of, lifted) = (revoked.kind(), lift.kind());
            assert_eq!(kinds, [of, of, lifted, of, lifted]);
            rig.is_clean();
        });
    }
}

#[test]
fn one_kind_and_one_name_are_lifted_and_no_other() {
    on_each(|rig| {
        let gate = open(rig, &anns(), "j");
        let [(agents, _), (issuers, _)] = both();
        revoke(rig, agents.clone());
        revoke(rig, issuers.clone());
        revoke(rig, Revoked::Agent("did:key:another".to_owned()));
        revoke(rig, Revoked::AgentLifted("did:key:another".to_owned()));
        assert_eq!(refused(&gate, send("orders", &[1])), "agent_revoked");
        revoke(rig, agents.lifted_by().unwrap());
        assert_eq!(refused(&gate, send("orders", &[1])), "issuer_revoked");
        revoke(rig, issuers.lifted_by().unwrap());
        works(&gate);
        // The job is revoked for ever, whatever is lifted.
        revoke(rig, Revoked::Job(job("j")));
        assert_eq!(refused(&gate, send("orders", &[1])), "job_revoked");
    });
}

#[test]
fn what_is_not_revoked_is_not_lifted_and_only_a_revoker_lifts() {
    on_each(|rig| {
        let gate = open(rig, &anns(), "j");
        for (revoked, code) in both() {
            let lift = revoked.lifted_by().unwrap();
            let before = rig.ledger.revocations(0).unwrap().len();
            // Never revoked; as the first statement of all it does not even read.
            let expected = if before == 0 { "malformed" } else { "lift_unfounded" };
            assert_eq!(says(rig, &revoker(), lift.clone()), Err(expected));
            let direct =
                rig.ledger.revoke(u64::try_from(before).unwrap() + 1, RevocationKey::of(&lift), b"x");
            assert_eq!(direct, Err(LedgerError::Misplaced(Misplaced::NotRevoked)));
            revoke(rig, revoked.clone());
            assert_eq!(refused(&gate, send("orders", &[1])), code);
            // Others of its kind are not it.
            assert_eq!(
                says(rig, &revoker(), Revoked::AgentLifted("another".to_owned())),
                Err("lift_unfounded")
            );
            assert_eq!(says(rig, &revoker(), Revoked::IssuerKeyLifted(agent().did())), Err("lift_unfounded"));
            // Not by who issues, nor by whom the trust file does not name, nor by the agent itself.
            assert_eq!(says(rig, &issuer(), lift.clone()), Err("role_mismatch"));
            assert_eq!(says(rig, &agent(), lift.clone()), Err("role_mismatch"));
            assert_eq!(says(rig, &Key::from_seed(&[5; 32]), lift.clone()), Err("signer_untrusted"));
            assert_eq!(refused(&gate, send("orders", &[1])), code);
            revoke(rig, lift.clone());
            assert_eq!(says(rig, &revoker(), lift), Err("lift_unfounded"), "it is lifted already");
            works(&gate);
        }
        assert_eq!(rig.ledger.revocations(0).unwrap().len(), 4);
    });
}

#[test]
fn a_lift_has_its_place_like_any_other() {
    on_each(|rig| {
        let trust = trust();
        let [(revoked, _), _] = both();
        revoke(rig, revoked.clone());
        let lift =
            approval::next_revocation(&*rig.ledger, &trust, revoked.lifted_by().unwrap(), START_MS).unwrap();
        let says = |lift: &Revocation| {
            let envelope = lift.sign(&[revoker()]).unwrap();
            approval::revoke(&*rig.ledger, &trust, &envelope).map_err(|error| error.code())
        };
        assert_eq!(says(&Revocation { seq: 3, ..lift.clone() }), Err("revocation_gap"));
        assert_eq!(says(&Revocation { prev: Some(Hash::of(b"")), ..lift.clone() }), Err("revocation_forked"));
        assert_eq!(says(&Revocation { at: lift.at - 1, ..lift.clone() }), Err("time_backwards"));
        // One that was kept and handed in again after the next revocation.
        assert_eq!(says(&lift), Ok(2));
        revoke(rig, revoked);
        assert_eq!(says(&lift), Err("revocation_repeated"));
        let gate = open(rig, &anns(), "j");
        assert_eq!(refused(&gate, send("orders", &[1])), "agent_revoked");
    });
}
