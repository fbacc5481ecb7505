//! The example of LANGUAGE.md through `policy!` and `#[tool]`.

use std::cell::Cell;
use std::collections::BTreeMap;

use wpc::interface::azure_service_bus as interface;
use wpc::{Describe, Permitted, Refused};

use crate::gate::open;

pub(crate) mod orders {
    wpc::policy!("../policies/orders.wpc");
}

use orders::azure_service_bus;

#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) body: Vec<u8>,
    pub(crate) properties: BTreeMap<String, String>,
}

impl Message {
    pub(crate) fn good() -> Self {
        let properties = [("schema_version", "1"), ("correlation_id", "c")];
        Self { body: vec![0; 1024], properties: properties.map(|(k, v)| (k.to_owned(), v.to_owned())).into() }
    }
}

impl Describe<interface::Message> for Message {
    fn describe(&self) -> interface::MessageRecord<'_> {
        interface::MessageRecord {
            message_bytes: self.body.len() as u64,
            properties: (&self.properties).into(),
            content_type: None,
            session_id: None,
            body: Some(wpc::Sealed::of(&self.body)),
        }
    }
}

#[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
async fn publish_order(sent: &mut Vec<Message>, message: Permitted<Message>) -> Result<usize, Refused> {
    sent.push(message.release()?);
    Ok(sent.len())
}

#[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
fn publish_now(sent: &mut Vec<Message>, message: Permitted<Vec<Message>>) -> Result<usize, Refused> {
    sent.extend(message.release()?);
    Ok(sent.len())
}

#[tokio::test(flavor = "current_thread")]
async fn an_allowed_message_is_sent_and_recorded() {
    let opened = open::<orders::Orders>("orders.wpc");
    let mut sent = Vec::new();
    publish_order(&opened.gate, &mut sent, Message::good()).await.unwrap();
    publish_now(&opened.gate, &mut sent, vec![Message::good(), Message::good()]).unwrap();
    assert_eq!(sent.len(), 3);
    assert_eq!(opened.log(), ["allow", "done", "allow", "done"]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_forbidden_message_never_reaches_the_body() {
    let opened = open::<orders::Orders>("orders.wpc");
    let mut sent = Vec::new();
    let mut big = Message::good();
    big.body = vec![0; 128 * 1024 + 1];
    let refused = publish_order(&opened.gate, &mut sent, big).await.unwrap_err();
    assert_eq!(refused.code(), "default_deny");
    assert!(refused.detail().condition.as_deref().unwrap().starts_with("message_bytes "));
    let mut cookie = Message::good();
    cookie.properties.insert("Cookie".to_owned(), "x".to_owned());
    let refused = publish_order(&opened.gate, &mut sent, cookie).await.unwrap_err();
    assert!(refused.detail().condition.as_deref().unwrap().starts_with("properties "));
    assert!(sent.is_empty());
    assert_eq!(opened.log(), ["default_deny", "default_deny"]);
}

#[test]
fn one_bad_message_refuses_its_batch() {
    let opened = open::<orders::Orders>("orders.wpc");
    let mut sent = Vec::new();
    let mut bare = Message::good();
    bare.properties.remove("correlation_id");
    let refused = publish_now(&opened.gate, &mut sent, vec![Message::good(), bare]).unwrap_err();
    assert!(refused.detail().condition.as_deref().unwrap().starts_with("properties "));
    assert!(sent.is_empty());
}

#[test]
fn messages_are_counted_by_measuring_the_batch() {
    let opened = open::<orders::Orders>("orders.wpc");
    let mut sent = Vec::new();
    let mut send =
        |count| publish_now(&opened.gate, &mut sent, vec![Message::good(); count]).map_err(|no| no.code());
    assert_eq!(send(150), Ok(150));
    assert_eq!(send(51), Err("limit_exceeded"));
    assert_eq!(send(50), Ok(200));
    assert_eq!(send(1), Err("limit_exceeded"));
}

/// A message that says one property twice: no map has that.
struct Twice;

impl Describe<interface::Message> for Twice {
    fn describe(&self) -> interface::MessageRecord<'_> {
        const PROPERTIES: &[(&str, &str)] =
            &[("schema_version", "1"), ("correlation_id", "c"), ("schema_version", "2")];
        interface::MessageRecord {
            message_bytes: 1,
            properties: PROPERTIES.into(),
            content_type: None,
            session_id: None,
            body: None,
        }
    }
}

#[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
fn publish_twice(message: Permitted<Twice>) -> Result<(), Refused> {
    message.release().map(drop)
}

#[test]
fn a_value_that_no_call_can_have_is_refused_before_it_is_decided() {
    let opened = open::<orders::Orders>("orders.wpc");
    let refused = publish_twice(&opened.gate, Twice).unwrap_err();
    assert_eq!(refused.code(), "duplicate_key");
    assert!(!refused.is_denial());
    let cause = refused.detail().cause.clone().unwrap();
    assert!(cause.contains("$.arguments.messages[0].properties.schema_version"), "{cause}");
    assert_eq!(opened.log(), ["duplicate_key"]);
}

/// A message that describes itself as small every other time.
struct Shifty(Cell<bool>, BTreeMap<String, String>);

impl Describe<interface::Message> for Shifty {
    fn describe(&self) -> interface::MessageRecord<'_> {
        let small = !self.0.replace(!self.0.get());
        interface::MessageRecord {
            message_bytes: if small { 1 } else { 1 << 30 },
            properties: (&self.1).into(),
            content_type: None,
            session_id: None,
            body: None,
        }
    }
}

#[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
fn publish_shifty(messages: Permitted<Vec<Shifty>>) -> Result<(), Refused> {
    messages.release().map(drop)
}

#[test]
fn what_describes_itself_differently_the_second_time_is_refused() {
    let opened = open::<orders::Orders>("orders.wpc");
    for begins_small in [false, true] {
        let shifty = Shifty(Cell::new(!begins_small), Message::good().properties);
        let refused = publish_shifty(&opened.gate, vec![shifty]).unwrap_err();
        assert_eq!(refused.code(), "described_differs");
    }
}
