//! `demo`: it checks itself; this checks that it does.

use crate::place::Place;

#[test]
fn the_demo_goes_as_it_must() {
    let place = Place::new();
    let (json, exit) = place.json(&["demo"]);
    let steps = json["steps"].as_array().unwrap();
    let missed: Vec<_> = steps.iter().filter(|step| step["ok"] != true).collect();
    assert!(missed.is_empty(), "{missed:#?}");
    assert_eq!((json["answer"].as_str(), exit), (Some("yes"), 0));
    for code in [
        "explicit_deny",
        "default_deny",
        "limit_exceeded",
        "approval_required",
        "policy_hash_mismatch",
        "signer_untrusted",
        "policy_not_released",
        "policy_changed",
        "policy_rolled_back",
    ] {
        assert!(steps.iter().any(|step| step["found"] == code), "no step shows {code}");
    }
    assert!(place.names().is_empty(), "{:?}", place.names());
}

#[test]
fn what_the_demo_keeps_can_be_read_with_the_other_verbs() {
    let place = Place::new();
    let told = place.does(&["demo", "--keep", "kept"]);
    assert!(told.ends_with("steps went as they must\n"), "{told}");
    place.does(&["verify", "kept/orders.wpc.dsse.json", "--trust", "kept/trust.json"]);
    place.does(&["ledger", "check", "kept/ledger/orders.db"]);
    let name = "asb-send-orders-staging";
    let verify = ["release", "verify", name, "--dir", "kept/releases", "--trust", "kept/trust.json"];
    assert_eq!(place.json(&verify).0["current"]["seq"], 4);
    let (json, _) = place.json(&["ledger", "show", "kept/ledger/orders.db"]);
    assert!(json["entries"].as_array().unwrap().len() > 100);
    assert_eq!(place.run(&["demo", "--keep", "kept"]).status.code(), Some(2));
}
