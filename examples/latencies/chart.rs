//! Draws the histograms as SVG: a row for each policy, a column for each phase.

use std::fmt::{self, Write};

use crate::{
    policies::Policy,
    source::Phase,
    summary::{BUCKETS, Summary, latency, percent},
};

/// The picture's measures, in pixels.
const WIDTH: f64 = 1050.0;
const LEFT: f64 = 268.0;
const TOP: f64 = 96.0;
const CELL: (f64, f64) = (184.0, 74.0);
const GAP: (f64, f64) = (10.0, 30.0);
const FOOT: f64 = 48.0;

/// The smallest part that is shown: a bar of it has no height. All of the calls are five decades above.
const LEAST: f64 = 0.000_01;
const DECADES: f64 = 5.0;

/// What it looks like, also where the reader's screen is dark.
const STYLE: &str = "\
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.name { font-size: 13px; font-weight: 600 }
.code { font: 11px ui-monospace, monospace }
.small { font-size: 11px }
.muted { fill: #59636e }
.paper { fill: #ffffff }
.cell { fill: none; stroke: #d1d9e0 }
.grid { stroke: #e4e9ee }
.value { fill: #0072b2 }
.error { fill: #d55e00 }
.end { text-anchor: end }
.middle { text-anchor: middle }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.muted { fill: #9aa4af }
.paper { fill: #0d1117 }
.cell { stroke: #3d444d }
.grid { stroke: #262c34 }
.value { fill: #56b4e9 }
.error { fill: #ff9448 }
}";

/// The picture.
pub(crate) fn draw(summaries: &[(&Policy, Vec<Summary>)]) -> String {
    let mut svg = Svg::default();
    // Text takes all that is written.
    let _ = svg.picture(summaries);
    svg.0
}

#[derive(Default)]
struct Svg(String);

impl Svg {
    fn picture(&mut self, summaries: &[(&Policy, Vec<Summary>)]) -> fmt::Result {
        let bottom = top_of(summaries.len()) - GAP.1;
        let height = bottom + FOOT;
        writeln!(
            self.0,
            r#"<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">"#
        )?;
        writeln!(self.0, "<title>Latencies of calls while their source stalls, fails and recovers</title>")?;
        writeln!(self.0, "<style>\n{STYLE}\n</style>")?;
        writeln!(self.0, r#"<rect class="paper" width="{WIDTH}" height="{height}"/>"#)?;
        self.head()?;
        for (row, (policy, phases)) in summaries.iter().enumerate() {
            self.policy(policy, top_of(row))?;
            for (column, summary) in phases.iter().enumerate() {
                self.cell(summary, (left_of(column), top_of(row)))?;
            }
            self.parts_axis(top_of(row))?;
        }
        for column in 0..Phase::ALL.len() {
            self.latency_axis(left_of(column), bottom)?;
        }
        self.text(
            "middle muted",
            (left_of(2) - GAP.0 / 2.0, bottom + 38.0),
            "latency of a call (log scale, up to 1, 2, 5, 10 ms ..)",
        )?;
        writeln!(self.0, "</svg>")
    }

    fn text(&mut self, class: &str, (x, y): (f64, f64), text: &str) -> fmt::Result {
        writeln!(self.0, r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{text}</text>"#)
    }

    fn bar(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) -> fmt::Result {
        writeln!(self.0, r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}"/>"#)
    }

    /// The title, what the colours mean, and what happens in each phase.
    fn head(&mut self) -> fmt::Result {
        self.text("title", (16.0, 28.0), "Latencies of calls while their source stalls, fails and recovers")?;
        let mut x = WIDTH - 270.0;
        for (class, text) in [("value", "got a value"), ("error", "got an error")] {
            self.bar(class, (x, 18.0), (12.0, 12.0))?;
            self.text("", (x + 18.0, 28.0), text)?;
            x += 130.0;
        }
        self.text(
            "muted",
            (16.0, 50.0),
            "20 keys, a call each millisecond, 20 s of each phase. 0: the answer is there at once",
        )?;
        self.text("small muted end", (LEFT - 5.0, TOP - 9.0), "part of the calls (log scale)")?;
        self.text("muted", (16.0, TOP - 24.0), "the source:")?;
        for (column, phase) in Phase::ALL.into_iter().enumerate() {
            self.text("name", (left_of(column), TOP - 24.0), phase.title())?;
        }
        Ok(())
    }

    /// What a row is about.
    fn policy(&mut self, policy: &Policy, top: f64) -> fmt::Result {
        self.text("name", (16.0, top + 6.0), policy.name)?;
        let mut y = top + 6.0;
        for argument in policy.arguments {
            y += 13.5;
            self.text("code muted", (16.0, y), argument)?;
        }
        Ok(())
    }

    /// The calls of a policy in a phase.
    fn cell(&mut self, summary: &Summary, (left, top): (f64, f64)) -> fmt::Result {
        for decade in [1.0, 3.0] {
            let (y, right) = (top + CELL.1 * decade / DECADES, left + CELL.0);
            writeln!(self.0, r#"<path class="grid" d="M{left:.1} {y:.1}H{right:.1}"/>"#)?;
        }
        for (bucket, (values, errors)) in summary.histogram.iter().enumerate() {
            self.part("value", *values, (left_of_bucket(left, bucket), top))?;
            self.part("error", *errors, (left_of_bucket(left, bucket) + BAR, top))?;
        }
        self.bar("cell", (left, top), CELL)?;
        let times = format!("p99 {}, max {}", latency(summary.p99), latency(summary.max));
        self.text("small muted", (left, top - 5.0), &times)?;
        if summary.errors > 0.0 {
            let errors = format!("{} errors", percent(summary.errors));
            self.text("small error end", (left + CELL.0 - 5.0, top + 14.0), &errors)?;
        }
        Ok(())
    }

    /// A bar as high as the part of the calls, by its logarithm.
    fn part(&mut self, class: &str, part: f64, (left, top): (f64, f64)) -> fmt::Result {
        let height = CELL.1 * ((part / LEAST).log10() / DECADES).clamp(0.0, 1.0);
        if part > 0.0 { self.bar(class, (left, top + CELL.1 - height), (BAR, height)) } else { Ok(()) }
    }

    /// Which part of the calls a bar is.
    fn parts_axis(&mut self, top: f64) -> fmt::Result {
        for (decade, text) in [(0.0, "100 %"), (1.0, "10 %"), (3.0, "0.1 %"), (5.0, "0.001 %")] {
            self.text("small muted end", (LEFT - 5.0, top + CELL.1 * decade / DECADES + 4.0), text)?;
        }
        Ok(())
    }

    /// How long calls took.
    fn latency_axis(&mut self, left: f64, bottom: f64) -> fmt::Result {
        let y = bottom + 18.0;
        self.text("small muted middle", (left_of_bucket(left, 0) + BAR, y), "0")?;
        for (bucket, text) in [(1, "1 ms"), (4, "10"), (7, "100"), (10, "1 s")] {
            let x = left_of_bucket(left, bucket + 1) - SPACE / 2.0;
            writeln!(self.0, r#"<path class="cell" d="M{x:.1} {bottom:.1}v5"/>"#)?;
            self.text("small muted middle", (x, y), text)?;
        }
        Ok(())
    }
}

/// How wide a bar is, and the space between two buckets, which have two bars each.
const BAR: f64 = 6.0;
const SPACE: f64 = 3.0;

#[expect(clippy::cast_precision_loss, reason = "small")]
fn left_of_bucket(left: f64, bucket: usize) -> f64 {
    left + SPACE / 2.0 + bucket as f64 * (CELL.0 - SPACE) / BUCKETS.len() as f64 + SPACE / 2.0
}

#[expect(clippy::cast_precision_loss, reason = "small")]
fn left_of(column: usize) -> f64 {
    LEFT + column as f64 * (CELL.0 + GAP.0)
}

#[expect(clippy::cast_precision_loss, reason = "small")]
fn top_of(row: usize) -> f64 {
    TOP + row as f64 * (CELL.1 + GAP.1)
}
