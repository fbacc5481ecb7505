//! What the interface can do, and what that asks for.

use std::collections::BTreeSet;

use wpc_azure_rbac::Right;

#[test]
fn every_action_of_the_interface_asks_for_one_right() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../compiler/interfaces/azure_service_bus.wpc");
    let text = std::fs::read_to_string(file).unwrap();
    let actions: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("action "))
        .flat_map(|rest| {
            // Names are in front of the preposition, the class or the arguments.
            let ends = [" to ", " on ", " from ", " class ", " {"];
            let end = ends.iter().filter_map(|end| rest.find(end)).min().unwrap();
            rest.split_at(end).0.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>()
        })
        .collect();
    assert!(actions.contains("deadletter_purge") && actions.len() > 12, "{actions:?}");
    let of_rights: Vec<&str> = Right::ALL.iter().flat_map(|right| right.actions()).copied().collect();
    assert_eq!(of_rights.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>(), actions);
    assert_eq!(of_rights.len(), actions.len(), "an action asks for two rights");
    assert_eq!(Right::of("drain"), None);
}
