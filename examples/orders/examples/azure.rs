//! Publishes three orders to Azure, as whoever `az login` says you are.
//!
//! ```text
//! cargo run -p wpc-example-orders --example azure -- orders.wpc.dsse.json trust.json ledger/orders.db
//! ```
//!
//! The namespace is the one that the policy names; compile both the policy and this crate with
//! another `host` for your own.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use azure_identity::DeveloperToolsCredential;
use wpc::{Gate, Input, JobId, Opening, SqliteLedger, Trust};
use wpc_example_orders::orders::Orders;
use wpc_example_orders::{Order, publish_all};
use wpc_service_bus::{Namespace, ServiceBus};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [artifact, trust, ledger] = arguments.as_slice() else {
        return Err("usage: azure ARTIFACT.wpc.dsse.json TRUST.json LEDGER".into());
    };
    let gate = Gate::<Orders>::open(Opening {
        artifact: &fs::read(artifact)?,
        trust: &Trust::parse(&fs::read(trust)?)?,
        ledger: Arc::new(SqliteLedger::open(Path::new(ledger))?),
        job: JobId::mint()?,
        agent: "orders-example".to_owned(),
        input: Input::NONE,
    })?;
    let namespace = Namespace::parse("contoso-staging.servicebus.windows.net")?;
    let bus = ServiceBus::connect(namespace, DeveloperToolsCredential::new(None)?).await?;
    let order = |number| Order { number, item: "tea".to_owned(), amount_minor: 450 };
    publish_all(&gate, &bus, &[order(1), order(2), order(3)]).await?;
    gate.close()?;
    Ok(())
}
