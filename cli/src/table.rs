//! Columns of text.

use std::fmt;

/// Rows of cells; the last cell of a row may have several lines.
///
/// Columns are as wide as their widest cell, two blanks apart, never cut: a reviewer must see
/// every bound whole.
#[derive(Debug, Default)]
pub(crate) struct Table {
    indent: usize,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table that begins `indent` blanks from the left.
    pub(crate) fn indented(indent: usize) -> Self {
        Self { indent, rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// Whether it has no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.flat_map(|cell| cell.lines()).map(|line| line.chars().count()).max().unwrap_or(0)
        };
        (0..columns).map(width).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        let mut lines = Vec::new();
        for row in &self.rows {
            let height = row.iter().map(|cell| cell.lines().count()).max().unwrap_or(0).max(1);
            for line in 0..height {
                let mut text = " ".repeat(self.indent);
                // A column that nobody filled takes no room.
                for (cell, width) in row.iter().zip(&widths).filter(|(_, width)| **width > 0) {
                    let part = cell.lines().nth(line).unwrap_or("");
                    text.push_str(&format!("{part:width$}  "));
                }
                lines.push(text.trim_end().to_owned());
            }
        }
        f.write_str(&lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_a_cell_may_have_several_lines() {
        let mut table = Table::indented(2);
        table.row(["allow".into(), "send".into(), "a\nb".into()]);
        table.row(["deny".into(), "manage".into(), "any".into()]);
        assert_eq!(table.to_string(), "  allow  send    a\n                 b\n  deny   manage  any");
    }
}
