//! A server between a ledger and its database that loses what is asked, or what is answered.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What becomes of the next COMMIT.
#[derive(Clone)]
pub(crate) enum Loses {
    Nothing,
    /// It reaches the server and is done; its answer reaches nobody.
    Answer(Arc<dyn Fn() + Send + Sync>),
    /// It does not reach the server.
    Question,
}

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    next: Arc<Mutex<Loses>>,
}

impl Proxy {
    /// Between its own address and the server at `to`. It ends with the test's process.
    pub(crate) fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy =
            Self { address: listener.local_addr().unwrap(), next: Arc::new(Mutex::new(Loses::Nothing)) };
        let next = Arc::clone(&proxy.next);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(to)) else { return };
                pipe(&client, &server, &next);
            }
        });
        proxy
    }

    /// Loses that at the next COMMIT, once.
    pub(crate) fn lose(&self, what: Loses) {
        *self.next.lock().unwrap() = what;
    }
}

fn pipe(client: &TcpStream, server: &TcpStream, next: &Arc<Mutex<Loses>>) {
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    // What the answer to a COMMIT is to be, once one is on its way.
    let lost = Arc::new(Mutex::new(None));
    let (asked, next) = (Arc::clone(&lost), Arc::clone(next));
    thread::spawn(move || {
        let mut bytes = [0; 65_536];
        while let Ok(length @ 1..) = from_client.read(&mut bytes) {
            // A simple query of its own: the driver sends it whole.
            if bytes[..length].windows(7).any(|part| part == b"COMMIT\0") {
                match std::mem::replace(&mut *next.lock().unwrap(), Loses::Nothing) {
                    Loses::Nothing => {}
                    Loses::Answer(then) => *asked.lock().unwrap() = Some(then),
                    Loses::Question => break,
                }
            }
            if to_server.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        let _ = (from_client.shutdown(Shutdown::Both), to_server.shutdown(Shutdown::Both));
    });
    thread::spawn(move || {
        let mut bytes = [0; 65_536];
        while let Ok(length @ 1..) = from_server.read(&mut bytes) {
            if let Some(then) = lost.lock().unwrap().take() {
                then();
                break;
            }
            if to_client.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        let _ = (from_server.shutdown(Shutdown::Both), to_client.shutdown(Shutdown::Both));
    });
}
