//! Trust Pulse of bundles in which every text was written by an attacker: what `tests/interop/viewer.sh` looks at.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use wpc::bundle::{Options, verify};
use wpc_model::Policy;
use wpc_viewer::Page;

use crate::world::{World, apply, plan, policy_of};

/// Ends elements, opens them, fills holes of the page, and turns the direction of writing.
const HOSTILE: &str = "</script><script>attacked=1</script><img src=x onerror=\"attacked=1\"><!--]]>{script}{bundle}'\"&amp;\u{202e}\u{7}";

fn policy() -> Policy {
    let text = include_str!("rich.wpc")
        .replace("entity_name<60>", "text")
        .replace("cluster(\"a\")", &format!("cluster({:?})", HOSTILE.replace(['\u{7}', '\u{202e}'], "")))
        .replace("plan to 6 per job", "plan to 1000000 per job")
        .replace("plan to 3 per minute", "plan to 1000000 per minute")
        .replace("plan to 1 KiB per job", "plan to 1 GiB per job");
    policy_of(&text)
}

/// A job of about so many entries.
fn world(policy: &Policy, entries: usize) -> World {
    let world = World::under(policy);
    let hostile = format!("web{HOSTILE}");
    world.denied(plan(&hostile, HOSTILE, 1), "default_deny");
    world.denied(apply("web", HOSTILE), "order_denied");
    while world.parts().entries.len() + 3 < entries {
        // As many at a time as is not asked after each.
        for number in 0..((entries - world.parts().entries.len()) / 2).max(2) - 1 {
            if number % 9_000 == 8_999 {
                world.renew();
            }
            world.clock.pass(100);
            world.planned("web", HOSTILE);
        }
    }
    world
}

fn page(world: &World, policy: &Policy, bundle: &[u8]) -> String {
    let origins = policy.tools.values().flat_map(|tool| &tool.allow).map(|rule| {
        let origin = json!({ "line": 7, "text": format!("allow {HOSTILE}"), "label": HOSTILE, "docs": [] });
        (rule.id.to_string(), origin)
    });
    let map = json!({
        "v": 1,
        "policy_hash_b64u": policy.hash().to_string(),
        "source": HOSTILE,
        "origins": origins.collect::<serde_json::Map<_, _>>(),
    });
    let report = verify(bundle, &world.trust, &Options::default());
    let map = map.to_string();
    Page { bundle, report: Some(&report), map: Some(map.as_bytes()) }.html().unwrap()
}

#[test]
fn a_page_holds_the_bundle_and_no_markup_of_it() {
    let policy = policy();
    let world = world(&policy, 10);
    let bundle = world.bundle();
    let page = page(&world, &policy, &bundle);
    assert_eq!(page.matches("<script").count(), 3, "two documents and the page's own script");
    assert_eq!(page.matches("</script>").count(), 3);
    assert!(!page.contains("<img"));
    let (_, after) = page.split_once("id=\"bundle\">").unwrap();
    let (held, _) = after.split_once("</script>").unwrap();
    let read: serde_json::Value = serde_json::from_str(held).unwrap();
    assert_eq!(read, serde_json::from_slice::<serde_json::Value>(&bundle).unwrap());
}

#[test]
#[ignore = "needs WPC_INTEROP, a directory: what tests/interop/viewer.sh opens"]
fn pages_for_a_browser() {
    let directory = PathBuf::from(std::env::var_os("WPC_INTEROP").expect("WPC_INTEROP names a directory"));
    let policy = policy();
    for entries in [10, 1_000, 10_000] {
        let world = world(&policy, entries);
        let bundle = world.bundle();
        fs::write(directory.join(format!("bundle-{entries}.html")), page(&world, &policy, &bundle)).unwrap();
        if entries == 10 {
            fs::write(directory.join("broken-entry.html"), page(&world, &policy, &changed(&bundle))).unwrap();
        }
    }
}

/// The bundle with one digit of an entry's time changed.
fn changed(bundle: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let mut envelope: serde_json::Value = serde_json::from_slice(bundle).unwrap();
    let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let text = String::from_utf8(payload).unwrap();
    let (before, after) = text.rsplit_once("\"at\":\"2026-01-01T00:00:00.0").unwrap();
    let changed = format!("{before}\"at\":\"2026-01-01T00:00:00.9{after}");
    envelope["payload"] = json!(STANDARD.encode(changed));
    serde_json::to_vec(&envelope).unwrap()
}
