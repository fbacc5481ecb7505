//! Peers that say what no AMQP library lets one say, frame by frame.

use std::net::SocketAddr;

use fe2o3_amqp::types::definitions::{AmqpError, Error, Handle, Role};
use fe2o3_amqp::types::messaging::{DeliveryState, Source};
use fe2o3_amqp::types::performatives::{Attach, Begin, Detach, Disposition, Flow, Open};
use fe2o3_amqp::types::sasl::{SaslCode, SaslMechanisms, SaslOutcome};
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::Effect;

const SASL_HEADER: &[u8; 8] = b"AMQP\x03\x01\x00\x00";
const AMQP_HEADER: &[u8; 8] = b"AMQP\x00\x01\x00\x00";

/// A connection on which the test writes the frames.
struct Peer(TcpStream);

impl Peer {
    /// Accepts a connection and a session, and waits for the client's first link.
    async fn accept(listener: &TcpListener) -> (Self, Attach) {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut peer = Self(tcp);
        peer.header(SASL_HEADER).await;
        peer.write(1, &SaslMechanisms::default()).await;
        peer.read().await;
        peer.write(1, &SaslOutcome { code: SaslCode::Ok, additional_data: None }).await;
        peer.header(AMQP_HEADER).await;
        peer.read().await;
        peer.write(
            0,
            &Open {
                container_id: "peer".to_owned(),
                hostname: None,
                max_frame_size: Default::default(),
                channel_max: Default::default(),
                idle_time_out: None,
                outgoing_locales: None,
                incoming_locales: None,
                offered_capabilities: None,
                desired_capabilities: None,
                properties: None,
            },
        )
        .await;
        peer.read().await;
        peer.write(
            0,
            &Begin {
                remote_channel: Some(0),
                next_outgoing_id: 0,
                incoming_window: 100,
                outgoing_window: 100,
                handle_max: Handle(100),
                offered_capabilities: None,
                desired_capabilities: None,
                properties: None,
            },
        )
        .await;
        let attach = peer.read().await;
        (peer, serde_amqp::from_slice(&attach).unwrap())
    }

    async fn header(&mut self, header: &[u8; 8]) {
        let mut theirs = [0; 8];
        self.0.read_exact(&mut theirs).await.unwrap();
        assert_eq!(&theirs, header);
        self.0.write_all(header).await.unwrap();
    }

    /// The body of the next frame that is not empty (OASIS AMQP 1.0 part 2, section 2.3).
    async fn read(&mut self) -> Vec<u8> {
        loop {
            let length = self.0.read_u32().await.unwrap() as usize;
            let mut frame = vec![0; length - 4];
            self.0.read_exact(&mut frame).await.unwrap();
            let body = frame.split_off(usize::from(frame[0]) * 4 - 4);
            if !body.is_empty() {
                return body;
            }
        }
    }

    async fn write(&mut self, kind: u8, performative: &impl Serialize) {
        let body = serde_amqp::to_vec(performative).unwrap();
        self.0.write_u32(u32::try_from(body.len() + 8).unwrap()).await.unwrap();
        self.0.write_all(&[2, kind, 0, 0]).await.unwrap();
        self.0.write_all(&body).await.unwrap();
    }

    /// Attaches our end of the client's link.
    async fn attach(&mut self, mut theirs: Attach, with_target: bool) {
        theirs.role = Role::Receiver;
        theirs.initial_delivery_count = None;
        theirs.source = Some(Box::new(Source::default()));
        if !with_target {
            theirs.target = None;
        }
        self.write(0, &theirs).await;
    }

    /// Grants credit for one message.
    async fn credit(&mut self) {
        self.write(
            0,
            &Flow {
                next_incoming_id: Some(0),
                incoming_window: 100,
                next_outgoing_id: 0,
                outgoing_window: 100,
                handle: Some(Handle(0)),
                delivery_count: Some(0),
                link_credit: Some(1),
                available: None,
                drain: false,
                echo: false,
                properties: None,
            },
        )
        .await;
    }

    /// Reads until the client goes away.
    async fn drain(mut self) {
        let mut rest = Vec::new();
        let _ = self.0.read_to_end(&mut rest).await;
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

fn wire_to(addr: SocketAddr, timeouts: Timeouts) -> Arc<Wire> {
    Arc::new(Wire::new(namespace(), Route::local(addr, None).unwrap(), Credential::Anonymous, timeouts))
}

#[track_caller]
fn check(result: Result<(), BusError>, code: &str, effect: Effect) -> String {
    let error = result.unwrap_err();
    assert_eq!((error.code(), error.effect()), (code, effect), "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_link_that_the_broker_refuses_carries_nothing_and_the_reason_is_kept() {
    let (listener, addr) = listen().await;
    tokio::spawn(async move {
        let (mut peer, attach) = Peer::accept(&listener).await;
        // As Azure does it: an attach without a target, then a detach with the reason.
        peer.attach(attach, false).await;
        let error = Error::new(AmqpError::UnauthorizedAccess, "Send claim is required".to_owned(), None);
        peer.write(0, &Detach { handle: Handle(0), closed: true, error: Some(error) }).await;
        peer.drain().await;
    });
    let error = check(send(&wire_to(addr, Timeouts::default()), "no").await, "link_refused", Effect::Nothing);
    assert_eq!(
        error,
        "the broker closed the link before anything was sent: amqp:unauthorized-access: Send claim is required"
    );
}

#[tokio::test]
async fn a_broker_without_credit_gets_nothing() {
    let (listener, addr) = listen().await;
    tokio::spawn(async move {
        let (mut peer, attach) = Peer::accept(&listener).await;
        peer.attach(attach, true).await;
        peer.drain().await;
    });
    let wire = wire_to(addr, Timeouts::default());
    let result = outgoing(&[message("no")]).send(&wire, Instant::now() + SHORT).await;
    check(result, "permit_expired", Effect::Nothing);
}

#[tokio::test]
async fn an_effect_does_not_begin_after_its_time() {
    let endpoint = wpc_endpoint::Endpoint::start().await.unwrap();
    let wire = wire(&endpoint);
    send(&wire, "first").await.unwrap();
    let late = Instant::now();
    check(outgoing(&[message("late")]).send(&wire, late).await, "permit_expired", Effect::Nothing);
    let cancelled = crate::sending::cancel(&wire, &orders(), &[1], late).await;
    check(cancelled, "permit_expired", Effect::Nothing);
    send(&wire, "second").await.unwrap();
    assert_eq!(bodies(&endpoint), ["first", "second"]);
}

#[tokio::test]
async fn a_settlement_without_an_outcome_is_no_answer() {
    for state in [
        None,
        Some(DeliveryState::Received(fe2o3_amqp::types::messaging::Received {
            section_number: 0,
            section_offset: 0,
        })),
    ] {
        let (listener, addr) = listen().await;
        tokio::spawn(async move {
            let (mut peer, attach) = Peer::accept(&listener).await;
            peer.attach(attach, true).await;
            peer.credit().await;
            peer.read().await;
            let disposition = Disposition {
                role: Role::Receiver,
                first: 0,
                last: None,
                settled: true,
                state,
                batchable: false,
            };
            peer.write(0, &disposition).await;
            peer.drain().await;
        });
        check(send(&wire_to(addr, Timeouts::default()), "sent").await, "outcome_unknown", Effect::Unknown);
    }
}

#[tokio::test]
async fn a_peer_that_does_not_speak_amqp_gets_nothing() {
    for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"", b"AMQP\x00\x01\x00\x00", &[0xff; 64]] {
        let (listener, addr) = listen().await;
        tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            tcp.write_all(answer).await.unwrap();
            tcp.shutdown().await.unwrap();
            let _ = tcp.read_to_end(&mut Vec::new()).await;
        });
        check(send(&wire_to(addr, Timeouts::default()), "no").await, "not_connected", Effect::Nothing);
    }
}

#[tokio::test]
async fn a_peer_that_says_nothing_gets_nothing() {
    let (listener, addr) = listen().await;
    let wire = wire_to(addr, Timeouts { connect: SHORT, ..Default::default() });
    let error = check(send(&wire, "no").await, "timed_out", Effect::Nothing);
    assert_eq!(error, "timed out waiting for the connection");
    drop(listener);
}
