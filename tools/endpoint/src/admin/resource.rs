//! What each path of the API is, and what is done at it.

use super::atom::{self, Kind};
use super::http::{Request, Response};
use crate::QueueSettings;
use crate::broker::refusal::Refusal;
use crate::broker::{Broker, Described, SUBSCRIPTIONS};

/// Longest time that settings say, in milliseconds, where they say none that is understood.
const DEFAULT_LOCK_MS: i64 = 60_000;

pub(super) fn answer(request: &Request, broker: &Broker) -> Response {
    let path = request.path.trim_matches('/').to_ascii_lowercase();
    let parts: Vec<&str> = path.split('/').collect();
    let done = match parts.as_slice() {
        ["$resources", "queues"] => Ok(list(broker, Kind::Queue, "")),
        ["$resources", "topics"] => Ok(list(broker, Kind::Topic, "")),
        [topic @ .., "subscriptions"] => Ok(list(broker, Kind::Subscription, &topic.join("/"))),
        [topic @ .., "subscriptions", name, "rules"] => {
            rules(broker, &format!("{}{SUBSCRIPTIONS}{name}", topic.join("/")))
        }
        [topic @ .., "subscriptions", name, "rules", _] => {
            let rule = request.path.trim_matches('/').rsplit('/').next().unwrap_or_default();
            one_rule(request, broker, &format!("{}{SUBSCRIPTIONS}{name}", topic.join("/")), rule)
        }
        _ => entity(request, broker, &path),
    };
    done.unwrap_or_else(|refusal: Refusal| {
        let status = u16::try_from(refusal.status).unwrap_or(500);
        Response::new(
            status,
            format!("<Error><Code>{status}</Code><Detail>{}</Detail></Error>", refusal.description),
        )
    })
}

fn entity(request: &Request, broker: &Broker, at: &str) -> Result<Response, Refusal> {
    let known = broker.described(at);
    match request.method.as_str() {
        "GET" => Ok(Response::new(
            200,
            match known {
                Some(known) => atom::entry(kind(at, &known), &shown(known), broker.count(at)),
                None => atom::feed(&[]),
            },
        )),
        "DELETE" if broker.remove(at) => Ok(Response::new(200, String::new())),
        "DELETE" => Err(Refusal::NO_ENTITY.into()),
        "PUT" => {
            let description = atom::description(&request.body).ok_or(Refusal::BODY)?;
            let wanted = Kind::of(&description.name).ok_or(Refusal::BODY)?;
            if (wanted == Kind::Subscription) != at.contains(SUBSCRIPTIONS) {
                return Err(Refusal::BODY.into());
            }
            match (&known, request.is_update) {
                (Some(_), false) => return Err(Refusal::EXISTS.into()),
                (None, true) => return Err(Refusal::NO_ENTITY.into()),
                (Some(_), true) | (None, false) => {}
            }
            let name = request.path.trim_matches('/').rsplit('/').next().unwrap_or_default();
            let name = if wanted == Kind::Subscription { name } else { request.path.trim_matches('/') };
            let mut all = vec![(KIND.to_owned(), description.name.clone())];
            all.extend(atom::settings(&description));
            let settings = treatment(&all);
            let described = Described { name: name.to_owned(), settings: all };
            broker.describe(at, described.clone(), settings);
            let status = if request.is_update { 200 } else { 201 };
            Ok(Response::new(status, atom::entry(wanted, &shown(described), broker.count(at))))
        }
        _ => Err(Refusal::NOT_SERVED.into()),
    }
}

/// The first setting, which says what an entity is and is not shown.
const KIND: &str = "";

fn kind(at: &str, known: &Described) -> Kind {
    let named = known.settings.first().filter(|(name, _)| name == KIND);
    let named = named.and_then(|(_, element)| Kind::of(element));
    named.unwrap_or(if at.contains(SUBSCRIPTIONS) { Kind::Subscription } else { Kind::Queue })
}

fn shown(mut described: Described) -> Described {
    described.settings.retain(|(name, _)| name != KIND);
    described
}

fn list(broker: &Broker, wanted: Kind, of: &str) -> Response {
    let prefix = format!("{of}{SUBSCRIPTIONS}");
    let entries = broker.all_described().into_iter().filter(|(at, known)| {
        kind(at, known) == wanted && (wanted != Kind::Subscription || at.starts_with(&prefix))
    });
    let entries: Vec<String> =
        entries.map(|(at, known)| atom::entry(wanted, &shown(known), broker.count(&at))).collect();
    Response::new(200, atom::feed(&entries))
}

fn rules(broker: &Broker, at: &str) -> Result<Response, Refusal> {
    let entries: Vec<String> = broker.rules(at)?.iter().map(atom::rule_entry).collect();
    Ok(Response::new(200, atom::feed(&entries)))
}

fn one_rule(request: &Request, broker: &Broker, at: &str, name: &str) -> Result<Response, Refusal> {
    match request.method.as_str() {
        "GET" => {
            let found = broker.rules(at)?.into_iter().find(|rule| rule.name.eq_ignore_ascii_case(name));
            Ok(Response::new(200, found.map_or_else(|| atom::feed(&[]), |rule| atom::rule_entry(&rule))))
        }
        "DELETE" => broker.remove_rule(at, name).map(|()| Response::new(200, String::new())),
        "PUT" => {
            let description = atom::description(&request.body).ok_or(Refusal::BODY)?;
            let rule = atom::rule(name, &description).filter(|rule| rule.filter.is_known());
            let rule = rule.ok_or(Refusal::BODY)?;
            let entry = atom::rule_entry(&rule);
            broker.add_rule(at, rule)?;
            Ok(Response::new(201, entry))
        }
        _ => Err(Refusal::NOT_SERVED.into()),
    }
}

/// How an entity with these settings treats its messages.
fn treatment(settings: &[(String, String)]) -> QueueSettings {
    let text = |wanted: &str| settings.iter().find(|(name, _)| name == wanted).map(|(_, text)| text.as_str());
    QueueSettings {
        lock_ms: text("LockDuration").and_then(milliseconds).unwrap_or(DEFAULT_LOCK_MS),
        max_deliveries: text("MaxDeliveryCount").and_then(|count| count.parse().ok()).unwrap_or(10),
        requires_session: text("RequiresSession") == Some("true"),
    }
}

/// A duration as ISO 8601 writes it, as far as hours, minutes and whole seconds go.
fn milliseconds(text: &str) -> Option<i64> {
    let mut total = 0_i64;
    let mut digits = String::new();
    for character in text.strip_prefix("PT")?.chars() {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        let unit = match character {
            'H' => 3_600_000,
            'M' => 60_000,
            'S' => 1_000,
            _ => return None,
        };
        total = total.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    Some(total)
}
