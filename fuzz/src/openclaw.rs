//! Configurations of OpenClaw that somebody else wrote.

use std::sync::LazyLock;

use wpc_compiler::{Parameters, Source, compile};
use wpc_model::Policy;
use wpc_openclaw::{Audit, Config, Options, Trap, audit};

/// What configurations are held to.
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let text = "use azure_service_bus\npolicy desk {\n    tool azure_service_bus at namespace(\"a.servicebus.windows.net\") {\n        \
                allow send to queue(\"orders\")\n    }\n    agents { allow \"billing\" }\n    sandbox { required }\n    \
                token { lifetime 1 min; bearer }\n}\n";
    match compile(&Source::new("desk.wpc", text), &Parameters::new()) {
        Ok(compiled) => compiled.policy,
        Err(problems) => panic!("{problems:?}"),
    }
});

/// Any bytes are a configuration that is judged, the same each time, or an error. An agent that is offered more than
/// the policy is told of, and no other.
///
/// # Panics
///
/// Only if that does not hold.
pub fn openclaw(data: &[u8]) {
    let Ok(config) = Config::read(data) else { return };
    let judged = || -> Audit {
        match audit(&config, &POLICY, &Options::default(), false) {
            Ok(audit) => audit,
            Err(error) => panic!("{error}"),
        }
    };
    let found = judged();
    assert_eq!(found, judged(), "judged otherwise the second time");
    let wider =
        found.agents.iter().any(|agent| agent.offered.iter().any(|tool| !agent.allowed.contains(tool)));
    let told = found.findings.iter().any(|one| matches!(one.trap, Trap::ToolsWider | Trap::AgentUnnamed));
    assert_eq!(wider, told, "{found:?}");
    assert!(!told || found.is_wider());
}
