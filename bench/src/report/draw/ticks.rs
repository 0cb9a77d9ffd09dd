//! Round numbers along an axis, and numbers as text. Pure.

/// Values at round steps (1, 2 or 5 times a power of ten) that cover `0..=highest`, the last at or above it. About
/// `wanted` of them. `highest` that isn't a positive number counts as 1.
pub(super) fn from_zero(highest: f64, wanted: usize) -> Vec<f64> {
    let highest = if highest.is_finite() && highest > 0.0 { highest } else { 1.0 };
    let step = round_step(highest / wanted as f64);
    let count = (highest / step - 1e-9).ceil() as u32;
    (0..=count).map(|n| f64::from(n) * step).collect()
}

/// Values at round steps inside `lowest..=highest`, about `wanted` of them.
pub(super) fn inside(lowest: f64, highest: f64, wanted: usize) -> Vec<f64> {
    let step = round_step((highest - lowest) / wanted as f64);
    if !step.is_normal() {
        return vec![lowest];
    }
    let (first, last) = ((lowest / step - 1e-9).ceil() as i64, (highest / step + 1e-9).floor() as i64);
    (first..=last).map(|n| n as f64 * step).collect()
}

fn round_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= raw * 0.999);
    factor.unwrap_or(10.0) * power
}

/// Labels of `ticks`, all with as many decimals as their step needs.
pub(super) fn labels(ticks: &[f64]) -> Vec<String> {
    let step = match ticks {
        [first, second, ..] => second - first,
        _ => 1.0,
    };
    let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    ticks.iter().map(|&tick| grouped(tick, decimals)).collect()
}

/// A measured value, short: about four digits, and none where it is whole.
pub(super) fn value(value: f64) -> String {
    let decimals = match value.abs() {
        _ if (value - value.round()).abs() < 1e-9 => 0,
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 3,
        _ => 4,
    };
    let text = grouped(value, decimals);
    if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// With commas between groups of three digits.
fn grouped(value: f64, decimals: usize) -> String {
    let plain = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = plain.split_once('.').map_or((plain.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut text = String::from(if value < 0.0 { "-" } else { "" });
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}
