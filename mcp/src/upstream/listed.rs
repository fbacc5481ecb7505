//! A server's tools, asked once or read from a file.

use std::sync::Arc;

use rmcp::model::Tool;
use serde_json::Value as Json;

use super::handler::Behind;
use super::{Launch, START_WITHIN, UpstreamError};
use crate::wire;

/// What a server says of itself and its tools.
#[derive(Clone, Debug)]
pub struct Served {
    /// The name that it gives itself.
    pub name: Option<String>,
    /// Its tools.
    pub tools: Vec<Tool>,
}

/// Begins a server, asks it for its tools, and ends it.
///
/// # Errors
///
/// [`UpstreamError`] if it does not begin or does not answer.
pub async fn tools_of(launch: &Launch) -> Result<Served, UpstreamError> {
    let asked = tokio::time::timeout(START_WITHIN, async {
        let session = launch.session(Behind::new(Arc::default())).await?;
        let tools = session.peer().list_all_tools().await.map_err(|error| UpstreamError::of(&error))?;
        let name = session.peer().peer_info().and_then(|info| Some(info.server_info.as_ref()?.name.clone()));
        let _ended = session.cancel().await;
        Ok(Served { name, tools })
    });
    asked.await.unwrap_or(Err(UpstreamError::Late))
}

/// Reads the answer to `tools/list`: its result, the whole message, or the tools alone.
///
/// # Errors
///
/// Why it is none.
pub fn tools_of_json(json: &[u8]) -> Result<Served, String> {
    let value = wire::read_json(json).map_err(str::to_owned)?;
    let result = value.get("result").unwrap_or(&value);
    let list = result.get("tools").unwrap_or(result);
    let Json::Array(list) = list else { return Err("there is no list of `tools`".to_owned()) };
    let tools = list.iter().enumerate().map(|(at, tool)| {
        serde_json::from_value(tool.clone()).map_err(|error| format!("tool {at}: {error}"))
    });
    Ok(Served { name: None, tools: tools.collect::<Result<_, _>>()? })
}
