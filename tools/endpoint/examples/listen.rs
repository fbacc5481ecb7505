//! Runs an endpoint until its standard input ends: for clients in other languages.
//!
//! Prints `listening PORT ADMIN_PORT`. A line `sessions QUEUE` on standard input makes a queue that is received
//! from by session, `refuse QUEUE` refuses its settlements, `accept QUEUE` ends that; each is answered with `ok`.

use std::io::Write as _;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use wpc_endpoint::{Endpoint, QueueSettings};

fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    out.flush()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let endpoint = Endpoint::start().await?;
    say(&format!("listening {} {}", endpoint.addr().port(), endpoint.admin().port()))?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        match line.split_once(' ') {
            Some(("sessions", queue)) => {
                endpoint.create_queue(queue, QueueSettings { requires_session: true, ..Default::default() });
            }
            Some(("refuse", queue)) => {
                endpoint.refuse_settlements(queue, Some(("amqp:not-allowed", "told to refuse")));
            }
            Some(("accept", queue)) => endpoint.refuse_settlements(queue, None),
            _ => return Err(std::io::Error::other(format!("{line:?} is no command"))),
        }
        say("ok")?;
    }
    endpoint.stop().await;
    Ok(())
}
