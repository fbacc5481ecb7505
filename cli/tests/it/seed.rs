//! The artifact of the example means what the sketch that this project began with means.

use serde_json::Value;

use crate::place::Place;

/// The sketch's own text; only the host is a placeholder in it.
const SKETCH: &str = include_str!("sketch.json");

/// Everything in `sketch` is in `artifact`, under the same name, with the same value; arrays are
/// sets.
fn contained(sketch: &Value, artifact: &Value, at: &str) -> Result<(), String> {
    match (sketch, artifact) {
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().try_for_each(|(name, value)| {
            let found = found.get(name).ok_or_else(|| format!("{at}.{name} is missing"))?;
            contained(value, found, &format!("{at}.{name}"))
        }),
        (Value::Array(wanted), Value::Array(found)) => {
            if wanted.len() != found.len() {
                return Err(format!("{at} has {} members, the sketch {}", found.len(), wanted.len()));
            }
            wanted.iter().try_for_each(|value| {
                let there = found.iter().any(|found| contained(value, found, at).is_ok());
                there.then_some(()).ok_or_else(|| format!("{at} has no {value}"))
            })
        }
        _ if sketch == artifact => Ok(()),
        _ => Err(format!("{at} is {artifact}, the sketch says {sketch}")),
    }
}

#[test]
fn the_artifact_has_every_field_of_the_sketch() {
    let place = Place::with_orders();
    place.does(&["compile", "orders.wpc", "--param", "host=contoso-test.servicebus.windows.net"]);
    let artifact: Value = serde_json::from_slice(&place.read("orders.wpc.json")).unwrap();
    let sketch: Value = serde_json::from_str(&SKETCH.replace("<namespace>", "contoso-test")).unwrap();
    assert_eq!(contained(&sketch, &artifact, "$"), Ok(()));
}

#[test]
fn another_value_or_a_missing_member_would_be_seen() {
    let sketch: Value = serde_json::from_str(SKETCH).unwrap();
    let mut other = sketch.clone();
    other["tools"]["azure_service_bus"]["constraints"]["max_messages_per_job"] = 201.into();
    assert!(contained(&sketch, &other, "$").is_err());
    let mut less = sketch.clone();
    less["tools"]["azure_service_bus"]["deny"].as_array_mut().unwrap().pop();
    assert!(contained(&sketch, &less, "$").is_err());
    assert!(contained(&sketch, &sketch, "$").is_ok());
}
