//! Publishes three orders to Azure, as whoever `az login` says you are.
//!
//! ```text
//! cargo run -p wpc-example-orders --example azure -- \\
//!     orders.wpc.dsse.json trust.json ledger/orders.db ledger.key issuer.key agent.key
//! ```
//!
//! The namespace is the one that the policy names; compile both the policy and this crate with
//! another `host` for your own. The issuer must have the role `token_issuer` in the trust file; where it is
//! a service, the agent gets its token from there.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use azure_identity::DeveloperToolsCredential;
use wpc::{Gate, JobId, Key, Opening, Policy as _, SelfIssued, SqliteLedger, Trust};
use wpc_example_orders::orders::Orders;
use wpc_example_orders::{Order, publish_all};
use wpc_model::Hash;
use wpc_service_bus::{Namespace, ServiceBus};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [artifact, trust, ledger, ledger_key, issuer, agent] = arguments.as_slice() else {
        return Err(
            "usage: azure ARTIFACT.wpc.dsse.json TRUST.json LEDGER LEDGER.key ISSUER.key AGENT.key".into()
        );
    };
    let key = |file: &String| Key::read(Path::new(file));
    let ledger = Arc::new(
        SqliteLedger::open(Path::new(ledger), key(ledger_key)?)?
            .pinned(Path::new(&format!("{ledger_key}.head")))?,
    );
    let hash = Hash::from_text(Orders::HASH).ok_or("the policy's hash does not read")?;
    let token = SelfIssued::new(&key(issuer)?, &key(agent)?, &*ledger, &JobId::mint()?, hash, 900)?;
    let gate = Gate::<Orders>::open(Opening {
        artifact: &fs::read(artifact)?,
        trust: &Trust::parse(&fs::read(trust)?)?,
        ledger,
        identity: token.identity(),
    })?;
    let namespace = Namespace::parse("contoso-staging.servicebus.windows.net")?;
    let bus = ServiceBus::connect(namespace, DeveloperToolsCredential::new(None)?).await?;
    let order = |number| Order { number, item: "tea".to_owned(), amount_minor: 450 };
    publish_all(&gate, &bus, &[order(1), order(2), order(3)]).await?;
    gate.close()?;
    Ok(())
}
