//! A line chart. Colours come from the page's scheme, text from the reader's fonts.

use std::fmt::Write as _;

use super::axis::{Axis, Scale, number};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 78.0;
const BOTTOM: f64 = 58.0;
/// Pixels that a letter of the legend takes, about.
const LETTER: f64 = 7.0;

const STYLE: &str = "
  .page { fill: #ffffff } .ink { fill: #24292f } .soft { fill: #57606a } .grid { stroke: #d8dee4 }
  .s0 { stroke: #0969da; fill: #0969da } .s1 { stroke: #bc4c00; fill: #bc4c00 } .s2 { stroke: #1a7f37; fill: #1a7f37 }
  polyline { fill: none !important; stroke-width: 2.2; stroke-linejoin: round } .grid { stroke-width: 1 }
  text { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; font-size: 12.5px }
  .title { font-size: 16px; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .ink { fill: #e6edf3 } .soft { fill: #9198a1 } .grid { stroke: #30363d }
    .s0 { stroke: #58a6ff; fill: #58a6ff } .s1 { stroke: #f0883e; fill: #f0883e } .s2 { stroke: #3fb950; fill: #3fb950 }
  }";

/// Up to three lines over the same axes.
pub(super) struct Chart {
    pub(super) title: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line>,
}

pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
}

impl Chart {
    pub(super) fn svg(&self) -> String {
        let points = self.lines.iter().flat_map(|line| &line.points);
        let x = self.x.scale(points.clone().map(|point| point.0));
        let y = self.y.scale(points.map(|point| point.1));
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">\n<style>{STYLE}\n</style>\n<rect class=\"page\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"6\"/>\n<text class=\"ink title\" x=\"{LEFT}\" y=\"30\">{title}</text>\n",
            title = escape(&self.title)
        );
        // Writing to a string does not fail.
        let _ = self.grid(&mut out, &x, &y);
        let _ = self.draw(&mut out, &x, &y);
        let _ = self.legend(&mut out);
        out.push_str("</svg>\n");
        out
    }

    fn grid(&self, out: &mut String, x: &Scale, y: &Scale) -> std::fmt::Result {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for &tick in &y.ticks {
            let at = down(y, tick);
            writeln!(
                out,
                "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{right}\" y2=\"{at:.1}\"/>"
            )?;
            let (end, base, number) = (LEFT - 8.0, at + 4.0, number(tick));
            writeln!(
                out,
                "<text class=\"soft\" text-anchor=\"end\" x=\"{end}\" y=\"{base:.1}\">{number}</text>"
            )?;
        }
        for &tick in &x.ticks {
            let (at, base, number) = (across(x, tick), bottom + 20.0, number(tick));
            writeln!(
                out,
                "<line class=\"grid\" x1=\"{at:.1}\" y1=\"{bottom}\" x2=\"{at:.1}\" y2=\"{}\"/>",
                bottom + 5.0
            )?;
            writeln!(
                out,
                "<text class=\"soft\" text-anchor=\"middle\" x=\"{at:.1}\" y=\"{base}\">{number}</text>"
            )?;
        }
        let (middle, base) = (f64::midpoint(LEFT, right), HEIGHT - 14.0);
        writeln!(
            out,
            "<text class=\"ink\" text-anchor=\"middle\" x=\"{middle}\" y=\"{base}\">{}</text>",
            escape(&self.x.label)
        )?;
        let half = f64::midpoint(TOP, bottom);
        writeln!(
            out,
            "<text class=\"ink\" text-anchor=\"middle\" transform=\"translate(16 {half}) rotate(-90)\">{}</text>",
            escape(&self.y.label)
        )
    }

    fn draw(&self, out: &mut String, x: &Scale, y: &Scale) -> std::fmt::Result {
        for (number, line) in self.lines.iter().enumerate() {
            let places: Vec<_> = line
                .points
                .iter()
                .map(|&(at, value)| (across(x, at), down(y, value)))
                .collect();
            let path: Vec<_> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            writeln!(
                out,
                "<polyline class=\"s{number}\" points=\"{}\"/>",
                path.join(" ")
            )?;
            for ((x, y), (_, value)) in places.iter().zip(&line.points) {
                writeln!(
                    out,
                    "<circle class=\"s{number}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.4\"><title>{value:.1}</title></circle>"
                )?;
            }
        }
        Ok(())
    }

    fn legend(&self, out: &mut String) -> std::fmt::Result {
        let mut at = LEFT;
        for (number, line) in self.lines.iter().enumerate() {
            writeln!(
                out,
                "<polyline class=\"s{number}\" points=\"{at},52 {},52\"/>",
                at + 22.0
            )?;
            writeln!(
                out,
                "<text class=\"soft\" x=\"{}\" y=\"56\">{}</text>",
                at + 29.0,
                escape(&line.name)
            )?;
            at += 52.0 + LETTER * line.name.chars().count() as f64;
        }
        Ok(())
    }
}

fn across(scale: &Scale, value: f64) -> f64 {
    LEFT + scale.position(value) * (WIDTH - LEFT - RIGHT)
}

fn down(scale: &Scale, value: f64) -> f64 {
    HEIGHT - BOTTOM - scale.position(value) * (HEIGHT - TOP - BOTTOM)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
