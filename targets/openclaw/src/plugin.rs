//! Our plugin for OpenClaw, as files.

/// The plugin's id.
pub const PLUGIN: &str = "wpc-gate";

/// The plugin's files, by name, for a folder of its own.
pub const PLUGIN_FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("../plugin/package.json")),
    ("openclaw.plugin.json", include_str!("../plugin/openclaw.plugin.json")),
    ("index.mjs", include_str!("../plugin/index.mjs")),
];
