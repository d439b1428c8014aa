//! Small drawings of numbers. Numbers stand beside them or in a table behind them.

use std::fmt::Write as _;

use leptos::prelude::*;

use super::{Tone, level::Diamond};

/// A line without axes: where it came from and where it went.
///
/// - `values`: oldest first; `label`: what it shows, in words, for assistive technology.
#[component]
pub fn Sparkline(values: Vec<f64>, #[prop(into)] label: String) -> impl IntoView {
    let (low, high) = bounds(&values);
    let span = (high - low).max(f64::MIN_POSITIVE);
    let flat = high <= low;
    let points: Vec<(f64, f64)> = values
        .iter()
        .zip(steps(values.len(), 96.0))
        .map(|(value, x)| (x + 2.0, if flat { 10.0 } else { 17.0 - (value - low) / span * 14.0 }))
        .collect();
    let falls = values.first().zip(values.last()).is_some_and(|(first, last)| last < first);
    let class = if falls { "stroke-error" } else { "stroke-primary" };
    view! {
        <svg viewBox="0 0 100 20" preserveAspectRatio="none" class="h-5 w-20 max-w-full" role="img" aria-label=label>
            <polyline points=line(&points) fill="none" stroke-width="1.6" stroke-linejoin="round" vector-effect="non-scaling-stroke" class=class/>
        </svg>
    }
}

/// A part of a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub tone: Tone,
    /// How many.
    pub count: u32,
}

/// A bar of parts, the best at the left; each says its name and number on hover, all of them to assistive technology.
///
/// - `shares`: in order; those without a count are left out.
#[component]
pub fn DistributionBar(shares: Vec<Share>) -> impl IntoView {
    let label = shares
        .iter()
        .filter(|share| share.count > 0)
        .map(|share| format!("{} {}", share.count, share.name))
        .collect::<Vec<_>>();
    let parts = shares.into_iter().filter(|share| share.count > 0).map(|Share { name, tone, count }| {
        let fill = match tone {
            Tone::Floor => "bg-base-content/25",
            Tone::Unknown => "hatched",
            Tone::Bronze => "bg-level-bronze",
            Tone::Silver => "bg-level-silver",
            Tone::Gold => "bg-level-gold",
            Tone::Platinum => "bg-level-platinum",
            Tone::Sea => "bg-level-sea",
            Tone::Amber => "bg-level-amber",
            Tone::Green => "bg-level-green",
            Tone::Red => "bg-level-red",
        };
        view! { <span class=format!("h-full grow-(--share) basis-0 {fill}") style=format!("--share:{count}") title=format!("{name} {count}")></span> }
    });
    view! {
        <span role="img" aria-label=label.join(", ") class="flex h-2.5 w-full min-w-16 gap-px overflow-hidden rounded-[4px]">
            {parts.collect_view()}
        </span>
    }
}

/// One band of a stacked area.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub tone: Tone,
    /// One value per label.
    pub values: Vec<f64>,
}

/// Bands stacked on each other over time, with the numbers in a table behind a toggle.
///
/// - `labels`: one per point in time, oldest first; `series`: the lowest band first.
#[component]
pub fn StackedArea(labels: Vec<String>, series: Vec<Series>) -> impl IntoView {
    const WIDTH: f64 = 620.0;
    const HEIGHT: f64 = 200.0;
    const LEFT: f64 = 36.0;
    const TOP: f64 = 8.0;

    let count = labels.len();
    let xs: Vec<f64> = steps(count, WIDTH - LEFT - 4.0).map(|x| LEFT + x).collect();
    let mut below = vec![0.0; count];
    let mut bands: Vec<(Vec<f64>, Vec<f64>, Tone)> = Vec::new();
    for band in &series {
        let above: Vec<f64> =
            below.iter().enumerate().map(|(at, base)| base + band.values.get(at).copied().unwrap_or(0.0)).collect();
        bands.push((below, above.clone(), band.tone));
        below = above;
    }
    let top = nice(below.iter().copied().fold(1.0, f64::max));
    let y = |value: f64| TOP + HEIGHT - value / top * HEIGHT;

    let grid = [0.0, 0.5, 1.0].map(|part| {
        let at = y(top * part);
        view! {
            <line x1=LEFT x2=WIDTH y1=at y2=at class="stroke-base-300" stroke-width="1"/>
            <text x=LEFT - 8.0 y=at + 4.0 text-anchor="end" class="fill-muted text-[11px]">{format!("{}", (top * part).round())}</text>
        }
    });
    let areas = bands.into_iter().map(|(low, high, tone)| {
        let upper: Vec<(f64, f64)> = xs.iter().zip(&high).map(|(x, value)| (*x, y(*value))).collect();
        let lower = xs.iter().zip(&low).rev().map(|(x, value)| (*x, y(*value)));
        let points: Vec<(f64, f64)> = upper.iter().copied().chain(lower).collect();
        view! {
            <polygon points=line(&points) class=format!("{} opacity-85", tone.fill())/>
            <polyline points=line(&upper) fill="none" class="stroke-base-100" stroke-width="1.2"/>
        }
    });
    let every = count.div_ceil(6).max(1);
    let names = labels.iter().zip(&xs).enumerate().filter(|(at, _)| at % every == 0).map(|(at, (name, x))| {
        let anchor = if at == 0 { "start" } else if at + 1 == count { "end" } else { "middle" };
        view! { <text x=*x y=TOP + HEIGHT + 18.0 text-anchor=anchor class="fill-muted text-[11px]">{name.clone()}</text> }
    });
    let legend = series.iter().rev().map(|band| {
        view! { <li class="flex items-center gap-1.5"><Diamond tone=band.tone/>{band.name.clone()}</li> }
    });
    let heads = series
        .iter()
        .map(|band| view! { <th scope="col" class="px-2 text-right font-medium">{band.name.clone()}</th> });
    let rows = labels.iter().enumerate().map(|(at, label)| {
        let cells = series.iter().map(|band| view! { <td class="px-2 text-right">{format!("{}", band.values.get(at).copied().unwrap_or(0.0).round())}</td> });
        view! { <tr><th scope="row" class="pr-2 text-left font-normal text-muted">{label.clone()}</th>{cells.collect_view()}</tr> }
    });
    view! {
        <figure>
            <ul class="mb-2 flex flex-wrap justify-end gap-x-4 gap-y-1 text-table">{legend.collect_view()}</ul>
            <svg viewBox=format!("0 0 {WIDTH} {}", HEIGHT + TOP + 26.0) class="h-auto w-full" aria-hidden="true">
                {grid.into_iter().collect_view()}
                {areas.collect_view()}
                {names.collect_view()}
            </svg>
            <details class="mt-1">
                <summary class="text-link inline-block text-meta">"As a table"</summary>
                <div class="mt-2 overflow-x-auto">
                    <table class="text-table">
                        <thead><tr><th class="text-left font-medium">"When"</th>{heads.collect_view()}</tr></thead>
                        <tbody>{rows.collect_view()}</tbody>
                    </table>
                </div>
            </details>
        </figure>
    }
}

fn bounds(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)))
}

/// `count` places over `width`, the first at 0 and the last at `width`.
#[expect(clippy::cast_precision_loss, reason = "a drawing has few points")]
fn steps(count: usize, width: f64) -> impl Iterator<Item = f64> {
    let last = count.saturating_sub(1).max(1) as f64;
    (0..count).map(move |at| at as f64 / last * width)
}

/// The next round number from `value` on: 1, 2, 5, 10, 20, 25 …
fn nice(value: f64) -> f64 {
    let magnitude = 10_f64.powf(value.log10().floor());
    [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0]
        .into_iter()
        .map(|step| step * magnitude)
        .find(|step| *step >= value)
        .unwrap_or(value)
}

fn line(points: &[(f64, f64)]) -> String {
    let mut text = String::new();
    for (x, y) in points {
        let _ = write!(text, "{x:.1},{y:.1} ");
    }
    text
}
