//! What more and more producers cost each line, as data and as a plot.

use std::fs;
use std::time::SystemTime;

use anyhow::Context;
use benches::measure::{Effort, Figures};
use plotters::prelude::*;

use crate::queue::{lines, paced};

const PRODUCERS: [usize; 6] = [1, 2, 4, 16, 64, 1000];
const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/");

/// The font of everything but the title.
const TEXT: (&str, u32) = ("sans-serif", 16);

/// Measures the paced queue for each number of producers, and writes `docs/queue-growth.csv` and `.svg`.
pub(crate) fn run(effort: Effort, cpu: &str, ping: f64) -> anyhow::Result<()> {
    let lines = lines();
    let mut curves = Vec::new();
    for producers in PRODUCERS {
        // Enough that the start of a thousand threads does not count.
        let figures = paced(effort, producers, effort.of(2_000_000), &lines)?;
        for figures in figures.iter().filter(|_| !effort.is_trial()) {
            println!("{producers:>5} producers {:<9} {:>7.1} ns/line", figures.name, figures.median());
        }
        curves.push((producers, figures));
    }
    let (csv, svg) = (csv(&curves, cpu, ping), svg(&curves, ping)?);
    if !effort.is_trial() {
        fs::write(format!("{DOCS}queue-growth.csv"), csv)?;
        fs::write(format!("{DOCS}queue-growth.svg"), svg)?;
    }
    Ok(())
}

fn csv(curves: &[(usize, Vec<Figures>)], cpu: &str, ping: f64) -> String {
    let mut csv = "date,cpu,ping_ns,producers,queue,ns_per_line,lowest,highest\n".to_owned();
    let (date, cpu) = (today(), cpu.replace(',', " "));
    for (producers, figures) in curves {
        for figures in figures {
            let (low, high) = range(figures);
            let row = format!(
                "{date},{cpu},{ping:.0},{producers},{},{:.1},{low:.1},{high:.1}\n",
                figures.name,
                figures.median()
            );
            csv.push_str(&row);
        }
    }
    csv
}

fn svg(curves: &[(usize, Vec<Figures>)], ping: f64) -> anyhow::Result<String> {
    let highest = curves.iter().flat_map(|(_, figures)| figures).map(|figures| range(figures).1);
    let highest = highest.fold(100.0, f64::max);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (800, 480)).into_drawing_area();
        area.fill(&WHITE)?;
        let title = format!("Paced queue, shared machine, {}, ping {ping:.0} ns", today());
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 22))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d((1_f64..1200_f64).log_scale(), (1_f64..highest * 1.2).log_scale())?;
        chart
            .configure_mesh()
            .label_style(TEXT)
            .axis_desc_style(TEXT)
            .x_desc("producers")
            .y_desc("ns/line: median, lowest, highest")
            .draw()?;
        let colours = [RGBColor(0, 90, 180), RGBColor(200, 80, 0), RGBColor(110, 110, 110)];
        for (queue, colour) in colours.into_iter().enumerate() {
            let points: Vec<_> =
                curves.iter().map(|(producers, figures)| (*producers as f64, &figures[queue])).collect();
            let name = points.first().context("a curve")?.1.name;
            let medians = points.iter().map(|(producers, figures)| (*producers, figures.median()));
            chart
                .draw_series(LineSeries::new(medians, colour.stroke_width(2)))?
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(2)));
            // One curve beside the other.
            let aside = 1.0 + 0.03 * queue as f64;
            chart.draw_series(points.iter().map(|(producers, figures)| {
                let (low, high) = range(figures);
                PathElement::new([(producers * aside, low), (producers * aside, high)], colour)
            }))?;
        }
        chart
            .configure_series_labels()
            .label_font(TEXT)
            .position(SeriesLabelPosition::UpperLeft)
            .border_style(BLACK)
            .background_style(WHITE)
            .draw()?;
        area.present()?;
    }
    if !svg.ends_with('\n') {
        svg.push('\n');
    }
    Ok(svg)
}

fn range(figures: &Figures) -> (f64, f64) {
    let rounds = figures.rounds.iter();
    rounds.fold((f64::INFINITY, 0.0), |(low, high), &round| (f64::min(low, round), f64::max(high, round)))
}

/// Like `27 Nov 2026`.
fn today() -> String {
    // An HTTP date begins with the weekday and a comma.
    httpdate::fmt_http_date(SystemTime::now()).get(5..16).unwrap_or_default().to_owned()
}
