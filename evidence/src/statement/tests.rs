//! Statements have one spelling, and count only as what they are, in the role that counts.

mod chains;

use std::fmt::Debug;
use std::slice;

use wpc_model::canon::Json;
use wpc_model::{Bind, Hash, OnChange, Resource, RuleId, Uses};

use super::{
    APPROVAL_TYPE, Approval, ApprovalRequest, Bound, Granted, Heartbeat, MAX_REQUEST_BYTES,
    MAX_STATEMENT_BYTES, MAX_STATEMENT_ENVELOPE_BYTES, Membership, Nonce, Release, ReleaseError, Revocation,
    Revoked, Schema, Statement, StatementError, StreamError, approve,
};
use crate::commitment::{Opening, Salt, args_root, commitments};
use crate::sign::SignatureError;
use crate::trust::Trust;
use crate::{CallId, Did, JobId, Key};

const AT: i64 = 1_767_323_045_678;
const MINUTE: i64 = 60_000;

fn key(seed: u8) -> Key {
    Key::from_seed(&[seed; 32])
}

fn did(seed: u8) -> Did {
    key(seed).did()
}

const ONCALL: u8 = 1;
const ONCALL_PHONE: u8 = 2;
const HR: u8 = 3;
const ISSUER: u8 = 4;
const GATE: u8 = 5;
const MANAGER: u8 = 6;
const NOBODY: u8 = 9;

fn trust() -> Trust {
    let principal = |name: &str, seeds: &[u8], roles: &str| {
        let keys: Vec<_> = seeds.iter().map(|seed| format!("\"{}\"", did(*seed))).collect();
        format!(r#"{{"name":"{name}","keys":[{}],"roles":[{roles}]}}"#, keys.join(","))
    };
    let all = [
        principal("oncall", &[ONCALL, ONCALL_PHONE], r#""approver""#),
        principal("manager", &[MANAGER], r#""approver""#),
        principal("hr", &[HR], r#""membership_issuer""#),
        principal("issuer", &[ISSUER], r#""releaser","revoker""#),
        principal("gate", &[GATE], r#""ledger""#),
    ];
    Trust::parse(format!(r#"{{"v":1,"principals":[{}]}}"#, all.join(",")).as_bytes()).unwrap()
}

fn nonce() -> Nonce {
    Nonce::parse(&"a".repeat(26)).unwrap()
}

fn request() -> ApprovalRequest {
    let opening = |name: &str, ty: &str, value: Json| Opening {
        name: name.to_owned(),
        salt: Salt([name.len().try_into().unwrap(); 16]),
        ty: ty.to_owned(),
        value,
    };
    let arguments = vec![
        opening("messages", "count", Json::Integer(3)),
        opening("note", "absent", Json::Null),
        opening("reason", "text", Json::from("full \"disk\"\u{2028}")),
    ];
    ApprovalRequest {
        ledger: did(GATE),
        job: JobId::parse("job_1").unwrap(),
        call: CallId::parse(&format!("call_{}a", "b".repeat(25))).unwrap(),
        policy_hash: Hash::of(b"policy"),
        agent: "agent:planner@3".to_owned(),
        tool: "azure_service_bus".to_owned(),
        action: "deadletter_purge".to_owned(),
        resource: Some(Resource { kind: "queue".to_owned(), names: vec!["orders".to_owned()] }),
        args_root: args_root(&commitments(&arguments).unwrap()),
        arguments,
        rules: vec![RuleId::of(b"rule")],
        requested_at: AT,
    }
}

fn granted(bind: Bind) -> Granted {
    Granted { bind, uses: Uses::Times(1), issued_at: AT + MINUTE, not_after: AT + 5 * MINUTE, nonce: nonce() }
}

fn some(names: &[&str]) -> Bind {
    Bind::Some(names.iter().copied().map(str::to_owned).collect())
}

fn approved(bind: Bind, uses: Uses) -> Approval {
    let envelope = approve(&key(ONCALL), &request(), Granted { uses, ..granted(bind) }).unwrap();
    Approval::verify_one(&envelope, &trust()).unwrap().0
}

fn approvals() -> Vec<Approval> {
    let no_resource = ApprovalRequest { resource: None, ..request() };
    let envelope = approve(&key(ONCALL), &no_resource, granted(Bind::Arguments)).unwrap();
    vec![
        approved(Bind::Arguments, Uses::Times(1)),
        approved(some(&["messages", "reason"]), Uses::Times(7)),
        approved(some(&[]), Uses::Unlimited),
        Approval::verify_one(&envelope, &trust()).unwrap().0,
    ]
}

fn membership() -> Membership {
    Membership {
        role: "release-manager".to_owned(),
        member: did(ONCALL),
        not_before: AT,
        not_after: AT + MINUTE,
    }
}

fn revocations() -> Vec<Revocation> {
    let job = JobId::parse("job_1").unwrap();
    let all = [
        Revoked::Jti { issuer: did(ISSUER), jti: "tok-1".to_owned() },
        Revoked::Job(job),
        Revoked::Policy(Hash::of(b"policy")),
        Revoked::Agent("agent:planner@3".to_owned()),
        Revoked::IssuerKey(did(ISSUER)),
        Revoked::Approval(Hash::of(b"approval")),
        Revoked::AgentLifted("agent:planner@3".to_owned()),
        Revoked::IssuerKeyLifted(did(ISSUER)),
    ];
    let mut prev = None;
    let mut stream = Vec::new();
    for (seq, revoked) in (1..).zip(all) {
        let revocation = Revocation { seq, prev, at: AT, revoked };
        prev = Some(Hash::of(&revocation.encode().unwrap()));
        stream.push(revocation);
    }
    stream
}

fn heartbeat() -> Heartbeat {
    Heartbeat { seq: 6, at: AT }
}

fn releases() -> Vec<Release> {
    let first = Release {
        policy_name: "asb-send-orders-staging".to_owned(),
        seq: 1,
        policy_hash: Hash::of(b"policy"),
        previous: None,
        not_before: AT,
        not_after: AT + MINUTE,
        running: OnChange::Finish,
    };
    let previous = Some(Hash::of(&first.encode().unwrap()));
    let second =
        Release { seq: 2, previous, policy_hash: Hash::of(b"new"), running: OnChange::Kill, ..first.clone() };
    vec![first, second]
}

fn text(statement: &impl Statement) -> String {
    String::from_utf8(statement.encode().unwrap()).unwrap()
}

#[test]
fn the_bytes_of_each_kind_are_these() {
    let mut lines = vec![String::from_utf8(request().encode().unwrap()).unwrap()];
    lines.extend(approvals().iter().map(text));
    lines.push(text(&membership()));
    lines.extend(revocations().iter().map(text));
    lines.push(text(&heartbeat()));
    lines.extend(releases().iter().map(text));
    for line in &lines {
        // serde_json sorts members and writes no spaces; our names and numbers need no more.
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(*line, serde_json::to_string(&value).unwrap());
    }
    insta::assert_snapshot!(lines.join("\n"));
}

/// What is done to each byte: another digit, another letter case, another script.
const FLIPS: [u8; 3] = [0x01, 0x20, 0x80];

/// `bytes` with one byte changed, in every way.
fn flips(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let places = (0..bytes.len()).flat_map(|at| FLIPS.map(|mask| (at, mask)));
    places.map(|(at, mask)| {
        let mut flipped = bytes.to_vec();
        flipped[at] ^= mask;
        flipped
    })
}

/// Signs, reads, and tries changes of every byte, another role and other types.
#[track_caller]
fn counts_only_as_signed<T: Statement + Clone + Debug + PartialEq>(statement: &T, signer: u8) {
    let payload = statement.encode().unwrap();
    assert_eq!(T::decode(&payload).as_ref(), Ok(statement));
    let trust = trust();
    let envelope = statement.sign(slice::from_ref(&key(signer))).unwrap();
    let signed = T::verify(&envelope, &trust).unwrap();
    assert_eq!((&signed.statement, signed.hash), (statement, Hash::of(&payload)));
    assert_eq!(signed.signers.len(), 1);
    assert_eq!(signed.signers[0].key, did(signer));
    assert_eq!(trust.principal_of(&did(signer)).unwrap().name(), signed.signers[0].principal);
    for flipped in flips(&envelope) {
        assert!(T::verify(&flipped, &trust).is_err(), "{}", String::from_utf8_lossy(&flipped));
    }
    for flipped in flips(&payload) {
        if let Ok(other) = T::decode(&flipped) {
            assert_ne!(other, *statement);
            assert_eq!(other.encode().unwrap(), flipped);
        }
    }
    let refused = |seed: u8| T::verify(&statement.sign(&[key(seed)]).unwrap(), &trust).unwrap_err();
    assert_eq!(refused(GATE), StatementError::Signature(SignatureError::Role));
    assert_eq!(refused(NOBODY), StatementError::Signature(SignatureError::Untrusted));
    for other in [crate::POLICY_TYPE, "application/json", ""] {
        let envelope = crate::sign(other, &payload, &[key(signer)]);
        assert_eq!(
            T::verify(&envelope, &trust),
            Err(StatementError::Signature(SignatureError::PayloadType)),
            "{other}"
        );
    }
    let long = vec![b' '; MAX_STATEMENT_ENVELOPE_BYTES + 1];
    assert_eq!(T::verify(&long, &trust), Err(StatementError::TooLong));
    assert_eq!(T::decode(&vec![b' '; MAX_STATEMENT_BYTES + 1]), Err(StatementError::TooLong));
}

#[test]
fn approvals_count_only_as_signed() {
    approvals().iter().for_each(|approval| counts_only_as_signed(approval, ONCALL));
}

#[test]
fn memberships_count_only_as_signed() {
    counts_only_as_signed(&membership(), HR);
}

#[test]
fn revocations_and_heartbeats_count_only_as_signed() {
    revocations().iter().for_each(|revocation| counts_only_as_signed(revocation, ISSUER));
    counts_only_as_signed(&heartbeat(), ISSUER);
    // One payload type, two schemas: neither passes for the other.
    assert_eq!(Revocation::decode(&heartbeat().encode().unwrap()), Err(StatementError::Member("kind")));
    for revocation in revocations() {
        let read = Heartbeat::decode(&revocation.encode().unwrap());
        assert!(matches!(read, Err(StatementError::NotCanonical { .. })), "{read:?}");
    }
}

#[test]
fn releases_count_only_as_signed() {
    releases().iter().for_each(|release| counts_only_as_signed(release, ISSUER));
}

#[test]
fn what_was_signed_as_one_kind_is_no_other() {
    let trust = trust();
    let release = releases()[0].sign(&[key(ISSUER)]).unwrap();
    let type_error = StatementError::Signature(SignatureError::PayloadType);
    assert_eq!(Revocation::verify(&release, &trust), Err(type_error));
    let revocation = revocations()[0].sign(&[key(ISSUER)]).unwrap();
    assert_eq!(Release::verify(&revocation, &trust), Err(type_error));
}

#[test]
fn other_spellings_are_refused() {
    #[track_caller]
    fn refuses<T: Schema + Debug + PartialEq>(text: &str, error: StatementError) {
        assert_eq!(super::decode::<T>(text.as_bytes(), MAX_STATEMENT_BYTES), Err(error), "{text}");
    }
    use StatementError::{Json, Member, NotCanonical};
    let approval = text(&approvals()[0]);
    refuses::<Approval>("", Json);
    refuses::<Approval>("[]", Json);
    refuses::<Approval>(&"[".repeat(100_000), Json);
    refuses::<Approval>(&format!("{approval} "), NotCanonical { at: approval.len() });
    refuses::<Approval>(&approval.replacen('{', "{ ", 1), NotCanonical { at: 1 });
    refuses::<Approval>(&approval.replace(",\"uses\":1", ""), Member("uses"));
    refuses::<Approval>(&approval.replace("\"uses\":1", "\"uses\":0"), Member("uses"));
    refuses::<Approval>(&approval.replace("\"uses\":1", "\"uses\":1.0"), Member("uses"));
    refuses::<Approval>(&approval.replace("\"uses\":1", "\"uses\":4294967296"), Member("uses"));
    refuses::<Approval>(&approval.replace("\"uses\":1", "\"uses\":\"many\""), Member("uses"));
    refuses::<Approval>(&approval.replace("\"v\":1", "\"v\":2"), Member("v"));
    refuses::<Approval>(&approval.replace("\"arguments\"", "\"all\""), Member("bind"));
    refuses::<Approval>(&approval.replace("\"nonce\":\"a", "\"nonce\":\"A"), Member("nonce"));
    refuses::<Approval>(&approval.replace("2026-01-02T03:09", "2026-01-02T03:03"), Member("not_after"));
    let more = approval.replace("\"v\":1", "\"v\":1,\"w\":1");
    refuses::<Approval>(&more, NotCanonical { at: approval.len() - 1 });
    let twice = approval.replace("\"v\":1", "\"v\":1,\"v\":1");
    refuses::<Approval>(&twice, NotCanonical { at: approval.len() - 1 });
    // A root that is not asked for by `bind` is a member too many.
    let nothing = text(&approvals()[2]);
    let with_root =
        nothing.replace("\"bind\":[]", &format!("\"bind\":[],\"bound_root\":\"{}\"", Hash::of(b"")));
    assert!(matches!(Approval::decode(with_root.as_bytes()), Err(NotCanonical { .. })));
    let names = text(&approvals()[1]);
    refuses::<Approval>(&names.replace("\"messages\",\"reason\"", "\"reason\",\"messages\""), Member("bind"));
    refuses::<Approval>(&names.replace("\"messages\",\"reason\"", "\"reason\",\"reason\""), Member("bind"));

    let membership = text(&membership());
    refuses::<Membership>(&membership.replace("03:05:05", "03:04:05"), Member("not_after"));
    refuses::<Membership>(&membership.replace("release-manager", ""), Member("role"));
    refuses::<Membership>(&membership.replace("release-manager", &"x".repeat(129)), Member("role"));
    refuses::<Membership>(&membership.replace("did:key", "did:web"), Member("member"));

    let stream = revocations();
    let (first, second) = (&stream[0], &stream[1]);
    refuses::<Revocation>(&text(first).replace("\"seq\":1", "\"seq\":0"), Member("seq"));
    refuses::<Revocation>(&text(first).replace("\"seq\":1", "\"seq\":2"), Member("prev"));
    refuses::<Revocation>(&text(second).replace("\"seq\":2", "\"seq\":1"), Member("prev"));
    refuses::<Revocation>(&text(second).replace("\"seq\":2", "\"seq\":9007199254740992"), Member("seq"));
    refuses::<Revocation>(&text(second).replace("\"kind\":\"job\"", "\"kind\":\"jobs\""), Member("kind"));
    refuses::<Revocation>(&text(second).replace("job_1", "job 1"), Member("value"));
    refuses::<Revocation>(&text(first).replace("tok-1", ""), Member("value"));
    refuses::<Revocation>(&text(first).replace("\"issuer\"", "\"issued\""), Member("issuer"));

    // What lifts comes after what it lifts, and is of a kind that can be.
    let lift = text(&stream[6]);
    let first_of_all = |text: String| {
        let prev = stream[5].encode().map(|bytes| Hash::of(&bytes)).unwrap();
        text.replace("\"seq\":7", "\"seq\":1").replace(&format!("\"{prev}\""), "null")
    };
    refuses::<Revocation>(&first_of_all(lift.clone()), Member("kind"));
    for kind in
        ["jti_lifted", "job_lifted", "policy_lifted", "approval_lifted", "agent_lifted_lifted", "_lifted"]
    {
        refuses::<Revocation>(&lift.replace("agent_lifted", kind), Member("kind"));
    }
    refuses::<Revocation>(&lift.replace("agent:planner@3", ""), Member("value"));
    refuses::<Revocation>(&text(&stream[7]).replace("did:key", "did:web"), Member("value"));

    let release = text(&releases()[0]);
    refuses::<Release>(&release.replace("finish", "stop"), Member("running"));
    refuses::<Release>(&release.replace("\"seq\":1", "\"seq\":2"), Member("previous"));
    refuses::<Release>(&release.replace("03:05:05", "03:04:05"), Member("not_after"));
    refuses::<Release>(&release.replace("asb-", "asb\\n"), Member("policy_name"));
}

#[test]
fn a_request_has_one_spelling_and_shows_what_it_commits_to() {
    let bytes = request().encode().unwrap();
    assert_eq!(ApprovalRequest::decode(&bytes), Ok(request()));
    assert_eq!(request().hash(), Ok(Hash::of(&bytes)));
    assert_eq!(request().check(), Ok(()));
    for flipped in flips(&bytes) {
        if let Ok(other) = ApprovalRequest::decode(&flipped) {
            assert_ne!(other.hash(), request().hash());
            assert_eq!(other.encode().unwrap(), flipped);
        }
    }
    let long = vec![b' '; MAX_REQUEST_BYTES + 1];
    assert_eq!(ApprovalRequest::decode(&long), Err(StatementError::TooLong));
    let refuses = |request: ApprovalRequest, member| {
        assert_eq!(request.encode(), Err(StatementError::Member(member)));
    };
    refuses(ApprovalRequest { rules: vec![], ..request() }, "rules");
    refuses(ApprovalRequest { rules: vec![RuleId([1; 16]), RuleId([1; 16])], ..request() }, "rules");
    refuses(ApprovalRequest { agent: String::new(), ..request() }, "agent");
    refuses(ApprovalRequest { tool: "a\n".to_owned(), ..request() }, "tool");
    refuses(ApprovalRequest { action: "x".repeat(257), ..request() }, "action");
    refuses(ApprovalRequest { requested_at: -1, ..request() }, "requested_at");
    let mut unsorted = request();
    unsorted.arguments.reverse();
    refuses(unsorted, "arguments");
    let mut twice = request();
    twice.arguments.push(twice.arguments[2].clone());
    assert_eq!(twice.check(), Err(StatementError::Commitment));
    refuses(twice, "arguments");
}

#[test]
fn nobody_signs_what_is_not_shown() {
    let sign = |request: &ApprovalRequest, granted| approve(&key(ONCALL), request, granted);
    let mut other = request();
    other.arguments[0].value = Json::Integer(300);
    assert_eq!(sign(&other, granted(Bind::Arguments)), Err(StatementError::Commitment));
    // Whatever is bound, what is shown must be what the call was.
    assert_eq!(sign(&other, granted(some(&[]))), Err(StatementError::Commitment));
    let mut salted = request();
    salted.arguments[1].salt = Salt([0; 16]);
    assert_eq!(sign(&salted, granted(Bind::Arguments)), Err(StatementError::Commitment));
    let mut less = request();
    less.arguments.pop();
    assert_eq!(sign(&less, granted(Bind::Arguments)), Err(StatementError::Commitment));
    assert_eq!(sign(&request(), granted(some(&["other"]))), Err(StatementError::Commitment));
    assert_eq!(sign(&request(), granted(some(&["reason", "messages"]))), Err(StatementError::Commitment));
    let times = |issued_at, not_after| Granted { issued_at, not_after, ..granted(Bind::Arguments) };
    assert_eq!(sign(&request(), times(AT - 1, AT + 1)), Err(StatementError::Member("issued_at")));
    assert_eq!(sign(&request(), times(AT, AT)), Err(StatementError::Member("not_after")));
    assert!(sign(&request(), times(AT, AT + 1)).is_ok());
    let never = Granted { uses: Uses::Times(0), ..granted(Bind::Arguments) };
    assert_eq!(sign(&request(), never), Err(StatementError::Member("uses")));
}

#[test]
fn an_approval_is_of_one_request() {
    let [whole, names, nothing, no_resource] = approvals().try_into().unwrap_or_else(|_| panic!());
    for approval in [&whole, &names, &nothing] {
        assert_eq!(approval.check(&request()), Ok(()));
    }
    assert_eq!(no_resource.check(&request()), Err(StatementError::WrongCall));
    let call = CallId::parse(&format!("call_{}a", "c".repeat(25))).unwrap();
    for other in [
        ApprovalRequest { ledger: did(NOBODY), ..request() },
        ApprovalRequest { job: JobId::parse("job_2").unwrap(), ..request() },
        ApprovalRequest { call, ..request() },
        ApprovalRequest { policy_hash: Hash::of(b"other"), ..request() },
        ApprovalRequest { action: "manage".to_owned(), ..request() },
        ApprovalRequest { requested_at: AT + 1, ..request() },
    ] {
        assert_eq!(whole.check(&other), Err(StatementError::WrongCall), "{other:?}");
    }
    // One that names the request and says something else of it.
    for other in [
        Approval { ledger: did(NOBODY), ..whole.clone() },
        Approval { job: JobId::parse("job_2").unwrap(), ..whole.clone() },
        Approval { tool: "other".to_owned(), ..whole.clone() },
        Approval { action: "manage".to_owned(), ..whole.clone() },
        Approval { resource: None, ..whole.clone() },
    ] {
        assert_eq!(other.check(&request()), Err(StatementError::WrongCall), "{other:?}");
    }
    let root = Hash::of(b"other");
    let bound = Approval { bind: Bound::Arguments(root), ..whole.clone() };
    assert_eq!(bound.check(&request()), Err(StatementError::Commitment));
    let bound = Approval { bind: Bound::Names(vec!["reason".to_owned()], root), ..whole.clone() };
    assert_eq!(bound.check(&request()), Err(StatementError::Commitment));
    let early = Approval { issued_at: AT - 1, ..whole };
    assert_eq!(early.check(&request()), Err(StatementError::Member("issued_at")));
}

#[test]
fn an_approval_is_one_persons() {
    let approval = &approvals()[0];
    let verify = |keys: &[Key]| Approval::verify_one(&approval.sign(keys).unwrap(), &trust());
    let (statement, hash, signer) = verify(&[key(ONCALL_PHONE)]).unwrap();
    assert_eq!((&statement, hash), (approval, Hash::of(&approval.encode().unwrap())));
    assert_eq!((signer.principal.as_str(), signer.key), ("oncall", did(ONCALL_PHONE)));
    assert_eq!(verify(&[key(ONCALL), key(MANAGER)]), Err(StatementError::OneSigner));
    assert_eq!(verify(&[key(ONCALL), key(ONCALL_PHONE)]), Err(StatementError::OneSigner));
    // A stranger's signature beside it counts for nothing.
    assert!(verify(&[key(NOBODY), key(ONCALL)]).is_ok());
    let other = crate::sign("text/plain", &approval.encode().unwrap(), &[key(ONCALL)]);
    let refused = StatementError::Signature(SignatureError::PayloadType);
    assert_eq!(Approval::verify_one(&other, &trust()), Err(refused));
    assert_eq!(Approval::PAYLOAD_TYPE, APPROVAL_TYPE);
}

#[test]
fn a_membership_is_its_issuers_and_has_its_time() {
    let envelope = membership().sign(&[key(HR)]).unwrap();
    let signed = Membership::verify_by(&envelope, &trust(), &did(HR)).unwrap();
    assert_eq!(signed.statement, membership());
    assert_eq!(Membership::verify_by(&envelope, &trust(), &did(ISSUER)), Err(StatementError::Issuer));
    for (at, expect) in [(AT - 1, false), (AT, true), (AT + MINUTE - 1, true), (AT + MINUTE, false)] {
        assert_eq!(membership().holds_at(at), expect, "{at}");
    }
    let two = r#"{"v":1,"principals":[
        {"name":"a","keys":["A"],"roles":["membership_issuer"]},
        {"name":"b","keys":["B"],"roles":["membership_issuer"]}]}"#;
    let two = two.replace("\"A\"", &format!("\"{}\"", did(HR)));
    let two = Trust::parse(two.replace("\"B\"", &format!("\"{}\"", did(MANAGER))).as_bytes()).unwrap();
    let both = membership().sign(&[key(HR), key(MANAGER)]).unwrap();
    assert_eq!(Membership::verify_by(&both, &two, &did(HR)), Err(StatementError::Issuer));
}

#[test]
fn nonces_have_one_spelling() {
    let minted = Nonce::mint().unwrap();
    assert_eq!(Nonce::parse(minted.as_str()), Some(minted));
    for other in ["", "a", &"A".repeat(26), &"b".repeat(26), &"a".repeat(27)] {
        assert_eq!(Nonce::parse(other), None, "{other}");
    }
}

#[test]
fn errors_have_their_codes() {
    for (code, expect) in [
        (StatementError::TooLong.code(), "too_large"),
        (StatementError::Json.code(), "malformed"),
        (StatementError::Member("x").code(), "malformed"),
        (StatementError::NotCanonical { at: 0 }.code(), "not_canonical"),
        (StatementError::Signature(SignatureError::Role).code(), "role_mismatch"),
        (StatementError::OneSigner.code(), "one_signer"),
        (StatementError::Issuer.code(), "issuer_mismatch"),
        (StatementError::Commitment.code(), "commitment_mismatch"),
        (StatementError::WrongCall.code(), "approval_wrong_call"),
        (StreamError::Gap.code(), "revocation_gap"),
        (StreamError::Repeated.code(), "revocation_repeated"),
        (StreamError::Forked.code(), "revocation_forked"),
        (StreamError::TimeBackwards.code(), "time_backwards"),
        (ReleaseError::Name.code(), "policy_name_mismatch"),
        (ReleaseError::RolledBack.code(), "policy_rolled_back"),
        (ReleaseError::Forked.code(), "policy_release_forked"),
        (ReleaseError::Gap.code(), "policy_release_gap"),
        (ReleaseError::Early.code(), "policy_release_early"),
        (ReleaseError::Expired.code(), "policy_release_expired"),
    ] {
        assert_eq!(code, expect);
    }
}
