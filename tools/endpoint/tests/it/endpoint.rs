use std::collections::BTreeMap;

use fe2o3_amqp::connection::ConnectionHandle;
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::messaging::{
    ApplicationProperties, Batch, Data, Message, MessageId, Outcome, Properties,
};
use fe2o3_amqp::types::primitives::Binary;
use fe2o3_amqp::{Connection, Sendable, Sender, Session};
use tokio::net::TcpStream;
use wpc_endpoint::{Behaviour, Endpoint, Settings};

async fn connect(endpoint: &Endpoint) -> (ConnectionHandle<()>, SessionHandle<()>) {
    let mut connection = Connection::builder()
        .container_id("test")
        .sasl_profile(SaslProfile::Anonymous)
        .open_with_stream(TcpStream::connect(endpoint.addr()).await.unwrap())
        .await
        .unwrap();
    let session = Session::begin(&mut connection).await.unwrap();
    (connection, session)
}

fn message(id: &str, body: &str) -> Message<Data> {
    let mut properties = Properties::new();
    properties.message_id = Some(MessageId::String(id.to_owned()));
    let application = ApplicationProperties::builder().insert("n", 7_i32).insert("k", "v").build();
    Message::builder()
        .properties(properties)
        .application_properties(application)
        .data(Binary::from(body.as_bytes()))
        .build()
}

#[tokio::test]
async fn a_message_is_kept_under_its_entity_whatever_way_the_address_is_written() {
    let endpoint = Endpoint::start().await.unwrap();
    let (_connection, mut session) = connect(&endpoint).await;
    for (name, address) in [("a", "orders"), ("b", "sb://host/Orders"), ("c", "amqps://host:5671/ORDERS")] {
        let mut sender = Sender::attach(&mut session, name, address).await.unwrap();
        assert!(matches!(sender.send(message(name, "x")).await.unwrap(), Outcome::Accepted(_)));
    }
    let kept = endpoint.messages("orders");
    let ids: Vec<_> = kept.iter().map(|message| message.message_id.as_deref().unwrap()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    let properties = BTreeMap::from([("k", "v"), ("n", "Int(7)")].map(|(k, v)| (k.to_owned(), v.to_owned())));
    assert_eq!(kept[0].properties, properties);
    assert_eq!(endpoint.messages("invoices"), []);
}

#[tokio::test]
async fn a_batch_of_things_that_are_not_messages_is_rejected() {
    let endpoint = Endpoint::start().await.unwrap();
    let (_connection, mut session) = connect(&endpoint).await;
    let mut sender = Sender::attach(&mut session, "a", "orders").await.unwrap();
    let sections: Batch<Data> = [Data(Binary::from("not a message"))].into_iter().collect();
    let batch = Message::builder().body(sections).build();
    let batch = Sendable::builder().message_format(0x8001_3700).message(batch).build();
    let outcome = sender.send(batch).await.unwrap();
    assert!(matches!(outcome, Outcome::Rejected(_)), "{outcome:?}");
    assert_eq!(endpoint.messages("orders"), []);
}

#[tokio::test]
async fn a_node_behaves_as_it_was_told_last() {
    let endpoint = Endpoint::start().await.unwrap();
    let (_connection, mut session) = connect(&endpoint).await;
    let mut sender = Sender::attach(&mut session, "a", "orders").await.unwrap();
    endpoint.behave("ORDERS", Behaviour::Release);
    assert!(matches!(sender.send(message("1", "x")).await.unwrap(), Outcome::Released(_)));
    endpoint.behave("orders", Behaviour::Accept);
    assert!(matches!(sender.send(message("2", "x")).await.unwrap(), Outcome::Accepted(_)));
    assert_eq!(endpoint.messages("orders").len(), 1);
}

#[tokio::test]
async fn without_a_token_no_link_where_tokens_are_required() {
    let settings = Settings { token_required: true, ..Settings::default() };
    let endpoint = Endpoint::start_with(settings).await.unwrap();
    let (_connection, mut session) = connect(&endpoint).await;
    let refused = Sender::attach(&mut session, "a", "orders").await.unwrap_err();
    assert!(refused.to_string().contains("no token was put for it"), "{refused}");
    assert_eq!(endpoint.messages("orders"), []);
}

#[tokio::test]
async fn the_wire_holds_what_a_client_wrote() {
    let endpoint = Endpoint::start().await.unwrap();
    let (_connection, mut session) = connect(&endpoint).await;
    let mut sender = Sender::attach(&mut session, "a", "orders").await.unwrap();
    sender.send(message("1", "a body that can be found")).await.unwrap();
    let wire = endpoint.wire();
    assert!(wire.windows(24).any(|window| window == b"a body that can be found"));
}

#[tokio::test]
async fn stopping_closes_connections_and_waits_for_nobody_who_says_nothing() {
    let endpoint = Endpoint::start().await.unwrap();
    let (mut connection, _session) = connect(&endpoint).await;
    let silent = TcpStream::connect(endpoint.addr()).await.unwrap();
    let addr = endpoint.addr();
    endpoint.stop().await;
    // The peer said good-bye first.
    let _ = connection.on_close().await;
    assert!(connection.is_closed());
    assert!(TcpStream::connect(addr).await.is_err());
    drop(silent);
}
