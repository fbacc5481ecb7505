//! Trust files.

use std::collections::BTreeSet;

use wpc::{Role, Trust};

/// A trust file that reads is one under which quorums count people: no key belongs to two, no ledger
/// makes what it proves, and every threshold can be reached and is not zero where it may not be.
///
/// # Panics
///
/// Only if that does not hold.
pub fn trust(data: &[u8]) {
    let Ok(trust) = Trust::parse(data) else { return };
    let mut keys = BTreeSet::new();
    let mut names = BTreeSet::new();
    for principal in trust.principals() {
        assert!(names.insert(principal.name()), "two principals of one name");
        for key in principal.keys() {
            assert!(keys.insert(*key), "one key under two principals");
            let holder = trust.principal_of(key);
            assert_eq!(holder.map(wpc::Principal::name), Some(principal.name()), "a key of somebody else");
        }
        let proves =
            [Role::PolicyAuthor, Role::TokenIssuer, Role::Approver, Role::ModelGateway, Role::Witness];
        let both = principal.has(Role::Ledger) && proves.iter().any(|role| principal.has(*role));
        assert!(!both, "a ledger that makes what it proves");
    }
    for role in Role::ALL {
        let holders = trust.principals().iter().filter(|principal| principal.has(role)).count();
        assert!(trust.demands(role) || role == Role::Witness, "nothing is demanded of `{role}`");
        assert!((1..=holders.max(1)).contains(&trust.threshold(role)), "a threshold out of reach");
    }
}
