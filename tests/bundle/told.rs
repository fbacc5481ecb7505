//! Reports as text, for snapshots.

use std::fmt::Write as _;

use wpc::bundle::Report;

/// A report without what differs from run to run.
pub(crate) fn told(report: &Report) -> String {
    let mut text = format!("{}\n", report.verdict().word());
    for finding in &report.findings {
        let seq = finding.seq.map(|seq| format!(" at {seq}")).unwrap_or_default();
        let detail = finding.detail.map(|detail| format!(": {detail}")).unwrap_or_default();
        writeln!(text, "{} {}{seq}{detail}", finding.stage.word(), finding.code).unwrap();
    }
    for gap in &report.gaps {
        let count = gap.count.map(|count| format!("({count})")).unwrap_or_default();
        let accepted = gap.accepted.map_or("not accepted", |accepted| accepted.word());
        writeln!(text, "{}{count} {accepted}", gap.code).unwrap();
    }
    writeln!(text, "{:#?}", report.counts).unwrap();
    text
}
