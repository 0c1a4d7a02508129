//! Prints what was measured, as Markdown.

use crate::{
    alloc::Allocations,
    budgets::Budget,
    harness::{Column, Times},
    subjects,
};

/// The time of a call as a ratio to the bare table, and in nanoseconds.
pub(crate) fn times(rows: &[Times]) {
    println!("Time of a call: ratio to bare quick_cache in the same rounds (median), and nanoseconds.\n");
    head("", &[]);
    for row in rows {
        line(row.name, &[], |column| {
            let (ratio, nanos) = (row.ratio(column, Column::Bare)?, row.nanos(column)?);
            Some(format!("{ratio:.2} ({nanos:.1} ns)"))
        });
    }
}

/// Allocations per call.
pub(crate) fn allocations(rows: &[Allocations]) {
    println!("\nAllocations of a call.\n");
    head("", &["the value's own clone"]);
    for row in rows {
        line(row.name, &[row.own_clone.to_string()], |column| row.of(column).map(|count| format!("{count:.2}")));
    }
}

/// Which budgets are met.
pub(crate) fn budgets(budgets: &[Budget]) {
    println!("\nBudgets.\n\n| what | at most | measured | |\n|---|---:|---:|---|");
    for budget in budgets {
        let Budget { what, bar, measured } = budget;
        println!("| {what} | {bar:.2} | {measured:.2} | {} |", if budget.met() { "met" } else { "**missed**" });
    }
}

/// What the tables cannot say.
pub(crate) fn notes() {
    println!();
    for note in subjects::NOTES {
        println!("- {note}");
    }
}

fn head(first: &str, extra: &[&str]) {
    let titles: Vec<_> = extra.iter().copied().chain(Column::ALL.map(Column::title)).collect();
    println!("| {first} | {} |\n|---|{}", titles.join(" | "), "---:|".repeat(titles.len()));
}

fn line(name: &str, extra: &[String], cell: impl Fn(Column) -> Option<String>) {
    let cells = Column::ALL.into_iter().map(|column| cell(column).unwrap_or_else(|| "-".into()));
    let cells: Vec<_> = extra.iter().cloned().chain(cells).collect();
    println!("| {name} | {} |", cells.join(" | "));
}
