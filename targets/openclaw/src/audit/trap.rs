//! What an audit can find: each with its stable code, what it means and what to do.

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// The configuration lets an agent do more than the policy.
    Wider,
    /// One of several walls is missing or lower; the others still hold.
    Weaker,
    /// Worth knowing; nothing is let through by it.
    Note,
}

impl Severity {
    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wider => "wider",
            Self::Weaker => "weaker",
            Self::Note => "note",
        }
    }
}

macro_rules! traps {
    ($($trap:ident $code:literal $severity:ident $title:literal $what:literal $fix:literal)*) => {
        /// What can be wrong with a configuration.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum Trap { $(#[doc = $title] $trap,)* }

        impl Trap {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$trap),*];

            /// A stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$trap => $code,)* }
            }

            /// In a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$trap => $title,)* }
            }

            /// What it means.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$trap => $what,)* }
            }

            /// What to do.
            #[must_use]
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$trap => $fix,)* }
            }

            /// How bad it is, where nothing makes it worse.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$trap => Severity::$severity,)* }
            }
        }
    };
}

traps! {
    ToolsWider "openclaw_tools_wider" Wider
        "an agent is offered more than the policy allows"
        "After all layers of lists (profile, tools, agent, sandbox) more tools are left than the policy has. Tools of a \
         server or of plugins are named by the beginning of their names where no more is known."
        "Set `tools.allow` and the agent's own `tools.allow` to the policy's tools, as `wpc emit openclaw` writes them."
    AgentUnnamed "openclaw_agent_unnamed" Wider
        "an agent that the policy does not name is offered tools"
        "One OpenClaw is one trust boundary: another agent's tools reach the same processes, files and tokens."
        "Run that agent in another OpenClaw, or give it `tools: { deny: [\"*\"] }`."
    AgentMissing "openclaw_agent_missing" Note
        "an agent of the policy is not in the configuration"
        "Nothing is said of it, so it cannot be judged."
        "Apply what `wpc emit openclaw` writes, or name the agents with `--agent`."
    ToolsMissing "openclaw_tools_missing" Note
        "an agent is not offered what the policy allows"
        "Some list leaves it out; in a sandbox a tool also has to be in `tools.sandbox.tools.allow`, and goes silently where \
         it is not."
        "Name the tool in each list, as the model sees it: `SERVER__TOOL`."
    EmptyAllow "openclaw_empty_allow" Weaker
        "an empty allow list allows everything"
        "OpenClaw reads `[]` and `[\"\"]` as no list at all. Its own validation and audit pass it."
        "Write `deny: [\"*\"]` where nothing is allowed, else the policy's tools."
    NoAllow "openclaw_no_allow" Weaker
        "no allow list"
        "Without `allow` a scope lets everything through that another one does not take away, and whatever a later version \
         or a plugin adds."
        "Set `allow` to the policy's tools, for all and for each agent."
    AlsoAllow "openclaw_also_allow" Weaker
        "`alsoAllow` without `allow` allows everything"
        "By itself it adds to everything and not to nothing; only a profile keeps it narrow, and an agent's own profile \
         replaces that."
        "Use `allow`."
    WiderEntry "openclaw_wider_entry" Weaker
        "a list allows more than the policy"
        "Only the other lists keep these tools from being offered."
        "Take the entries out."
    PatternEntry "openclaw_pattern_entry" Weaker
        "a list allows a pattern or a group"
        "It also allows what is added later under such a name."
        "Name each tool."
    UnknownEntry "openclaw_unknown_entry" Weaker
        "an entry names no tool that is known"
        "It is misspelt and does nothing, or it waits for a plugin that brings a tool of that name. MCP tools are \
         called `SERVER__TOOL`, not `mcp__SERVER__TOOL`."
        "Correct it or take it out."
    Profile "openclaw_profile" Weaker
        "a profile that is wider than the policy"
        "Profiles change with versions; `minimal` has the tool that updates the gateway. An agent's profile replaces the \
         one of all, so it can be wider."
        "Take `profile` out and use `allow`."
    LayerNarrows "openclaw_layer_narrows" Note
        "a layer that can only take tools away allows more than the policy"
        "`byProvider` and `toolsBySender` give nothing that other lists do not, whatever they say."
        "Take it out: whoever reads it believes that it gives something."
    SandboxDeny "openclaw_sandbox_deny" Weaker
        "a sandbox's deny list replaces OpenClaw's own"
        "Once it is said, `browser`, `nodes`, `gateway` and others that are denied by default are not."
        "Take `tools.sandbox.tools.deny` out, or name those too."
    CodeMode "openclaw_code_mode" Wider
        "the model may run JavaScript"
        "Code mode has an `exec` of its own, which no tool list takes away; `node:vm` is no boundary. It is `auto` where \
         nothing is said."
        "Set `tools.codeMode: false`, and no override for agents and models."
    ToolSearch "openclaw_tool_search" Note
        "tools are behind a search"
        "The model sees `tool_search` and `tool_call` in place of the policy's tools with their schemas."
        "Set `tools.toolSearch: false`."
    SandboxMode "openclaw_sandbox_mode" Weaker
        "not every session is in a sandbox"
        "`off`, `non-main` and nothing leave sessions on the host."
        "Set `sandbox.mode: \"all\"`."
    SandboxFiles "openclaw_sandbox_files" Weaker
        "the sandbox sees more of the host's files"
        "`workspaceAccess` is more than the policy's `filesystem`, or folders of the host are bound into it."
        "Set `sandbox.workspaceAccess` to what the policy says, and no `binds`."
    SandboxNetwork "openclaw_sandbox_network" Weaker
        "the sandbox reaches a network"
        "The policy's sandbox has none."
        "Set `sandbox.docker.network: \"none\"`."
    SandboxContainer "openclaw_sandbox_container" Weaker
        "the sandbox's container is not closed"
        "One of its settings takes away what keeps a process in it."
        "Take the setting out: OpenClaw's own are the closed ones."
    SandboxShared "openclaw_sandbox_shared" Weaker
        "agents share one sandbox"
        "What one of them leaves there, the others find."
        "Set `sandbox.scope: \"agent\"` or `\"session\"`."
    Elevated "openclaw_elevated" Weaker
        "commands may leave the sandbox"
        "`elevated` runs them on the host, for whoever its list names."
        "Set `tools.elevated.enabled: false`, for all and for each agent."
    ExecMode "openclaw_exec_mode" Weaker
        "commands are not denied"
        "Only the tool lists keep `exec` away; with it an agent goes around everything else."
        "Set `tools.exec: { mode: \"deny\", host: \"sandbox\" }`."
    Files "openclaw_files" Weaker
        "file tools are not held to the workspace"
        "Only the tool lists keep them away."
        "Set `tools.fs.workspaceOnly: true`."
    GateMissing "openclaw_gate_missing" Note
        "no server stands for the gate"
        "The policy's tools are not there."
        "Apply what `wpc emit openclaw` writes, or say what the server is called with `--server`."
    GateOther "openclaw_gate_other" Wider
        "a server has the gate's name and is not the gate"
        "Calls that the policy allows go to something that does not know the policy."
        "Set its `url` to the gate's."
    GateLaunched "openclaw_gate_launched" Weaker
        "OpenClaw launches the gate"
        "It runs as the user that the agent's processes run as: they can read its files, change them, or start another one."
        "Run the gate as a user of its own and name its URL."
    GateClear "openclaw_gate_clear" Weaker
        "a token goes in clear, or to whoever answers"
        "Plain HTTP to another machine, or TLS whose certificate is not looked at."
        "Use https with a certificate that is verified, or a gate on this machine."
    Filter "openclaw_filter" Weaker
        "a server's filter lets more through than the policy"
        "`toolFilter.include` is not there, or has more in it than the policy's tools."
        "Set `toolFilter.include` to the policy's tools by their own names."
    UnknownKey "openclaw_unknown_key" Weaker
        "a setting of a server that OpenClaw does not know"
        "It is accepted and does nothing, whatever it looks like."
        "Take it out."
    OtherServer "openclaw_other_server" Weaker
        "a server that is not the gate"
        "OpenClaw starts it even if none of its tools is allowed."
        "Take it out, set `enabled: false`, or run it behind `wpc mcp`."
    ModelPast "openclaw_model_past_gateway" Wider
        "model calls can go past the gateway"
        "What does not go through it is not bounded, not redacted, and has no receipt."
        "Set `models.mode: \"replace\"` and the gateway's URL as the one provider's `baseUrl`."
    ModelOther "openclaw_model_other" Wider
        "a model that the policy does not allow"
        "An agent's primary model or a fallback is none of the policy's `models`."
        "Name one that the policy allows."
    ModelsUnjudged "openclaw_models_unjudged" Note
        "where model calls go was not judged"
        "The policy speaks of models, and nobody says where the gateway is."
        "Give `--model-gateway` and `--model`."
    Plugins "openclaw_plugins" Weaker
        "other plugins may be loaded"
        "A plugin is code in OpenClaw's own process: it can add tools, change calls and read tokens."
        "Set `plugins.allow` to `policy` and `wpc-gate`, and no more."
    PluginList "openclaw_plugin_list" Weaker
        "our plugin's lists are not the policy's"
        "It lets through what is in them. Where they are no lists, in the older form, an older plugin asks nobody about what \
         is in them, and this one blocks every call."
        "Write its `config` again with `wpc emit openclaw --plugin`."
    PluginAsks "openclaw_plugin_asks" Weaker
        "our plugin asks something else than the gate"
        "It asks at another URL than that of the tool's gate, with another agent's token, or about another tool than is \
         called: what answers there decides what it lets through, and is sent the token."
        "Write its `config` again with `wpc emit openclaw --plugin`."
    PluginSilent "openclaw_plugin_silent" Weaker
        "our plugin asks nobody"
        "It was told that OpenClaw launches the gate, which has a URL: what its list names goes on unasked."
        "Write its `config` again with `wpc emit openclaw --plugin`."
    NoHooks "openclaw_no_hooks" Note
        "`openclaw agent exec` runs no hooks"
        "The plugin is asked in turns through the gateway and with `--local`, and not there. The gate decides in each."
        "Nothing; do not count on the plugin alone."
    Runtime "openclaw_runtime" Weaker
        "another program runs the agent"
        "It has tools of its own, which OpenClaw's lists do not hold, and speaks to MCP servers itself."
        "Take `runtime` and `agentRuntime` out."
    NotRead "openclaw_not_read" Wider
        "a part of the configuration was not read"
        "`$include` names other files, which can say anything."
        "Give the whole configuration in one file."
    OldAgents "openclaw_old_agents" Note
        "agents stand in the older form"
        "`agents.list` is moved to `agents.entries` in memory; of an agent in both, the newer form is judged."
        "Write `agents.entries`."
    Readable "openclaw_file_open" Weaker
        "others can read or change the configuration"
        "It decides what the agents may do, and may have secrets in it."
        "Give the file the mode 0600."
    Secret "openclaw_secret" Weaker
        "a secret stands in the configuration"
        "Whoever reads the file has it; copies and backups keep it."
        "Take it from the environment: `${NAME}`."
    GatewayTools "openclaw_gateway_tools" Weaker
        "tools can be called over HTTP"
        "`gateway.tools.allow` opens tools of the gateway's HTTP interface that are closed by default."
        "Take it out."
}
