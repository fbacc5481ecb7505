//! Between the TCP connection and the acceptor: keeps what the client sends, and can be cut.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

use crate::store::Store;

/// Bytes that may wait on either side.
const BUFFER_BYTES: usize = 64 << 10;

/// Starts copying between `tcp` and the returned stream. Aborting cuts the TCP connection.
pub(crate) fn tap(tcp: TcpStream, store: Arc<Store>) -> (DuplexStream, AbortHandle) {
    let (near, far) = tokio::io::duplex(BUFFER_BYTES);
    let task = tokio::spawn(copy(tcp, far, store));
    (near, task.abort_handle())
}

async fn copy(tcp: TcpStream, far: DuplexStream, store: Arc<Store>) {
    let (mut from_client, mut to_client) = tcp.into_split();
    let (mut from_server, mut to_server) = tokio::io::split(far);
    let up = async {
        let mut buffer = vec![0; BUFFER_BYTES];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            let Some(bytes) = buffer.get(..count) else { break };
            store.tap(bytes);
            if to_server.write_all(bytes).await.is_err() {
                break;
            }
        }
        // The client is gone or will not be heard; the server side ends by reading the end.
        let _ = to_server.shutdown().await;
    };
    let down = async {
        // Ends when the server closes its side, which it does last.
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
        let _ = to_client.shutdown().await;
    };
    tokio::join!(up, down);
}
