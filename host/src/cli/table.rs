//! Tables for terminals.

use std::fmt::Write;

/// Columns as wide as their widest cell; the last one ends where its text does.
pub(super) fn table<const N: usize>(head: [String; N], rows: Vec<[String; N]>) -> String {
    let mut widths = [0; N];
    for row in std::iter::once(&head).chain(&rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in std::iter::once(&head).chain(&rows) {
        let cells = row.iter().zip(widths);
        let line: String = cells
            .map(|(cell, width)| format!("{cell:<width$}  "))
            .collect();
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}
