//! The statistics that verdicts and noise bands rest on. Pure numbers: nothing here knows requests or replicas.
//!
//! p-values come from the regularised incomplete gamma function Q(a, x): its series below x = a + 1 and its continued
//! fraction (modified Lentz) above, each to 12 digits, which is far more than a threshold of 0.001 asks for.

use std::f64::consts::PI;

/// Standard deviations of a noise band: 99.7 % of fair results lie within.
pub(crate) const NOISE_SIGMAS: f64 = 3.0;
/// Terms at the most; both expansions need about √a of them.
const TERMS_MAX: u32 = 10_000;
/// Where an expansion has converged.
const PRECISION: f64 = 1e-12;
/// Lanczos' approximation of ln Γ with g = 5: six terms, 10 digits.
const LANCZOS: [f64; 6] = [
    76.180_091_729_471_46,
    -86.505_320_329_416_77,
    24.014_098_240_830_91,
    -1.231_739_572_450_155,
    0.120_865_097_386_617_9e-2,
    -0.539_523_938_495_3e-5,
];

/// A chi-square test of counts against shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ChiSquare {
    /// Σ (observed − expected)² / expected; infinite where something came that had no share.
    pub(crate) statistic: f64,
    /// Shares above zero, less one.
    pub(crate) degrees: u32,
    /// How likely a statistic at least this large is, if the counts follow the shares.
    pub(crate) p: f64,
}

/// Tests `observed` against `shares` (any scale; one each). `None` where there is nothing to test.
pub(crate) fn chi_square(observed: &[u64], shares: &[f64]) -> Option<ChiSquare> {
    debug_assert_eq!(observed.len(), shares.len(), "one share for each count");
    let (total, whole) = (observed.iter().sum::<u64>() as f64, shares.iter().sum::<f64>());
    let degrees = shares.iter().filter(|&&share| share > 0.0).count().checked_sub(1)?;
    if total == 0.0 || degrees == 0 {
        return None;
    }
    let term = |(&count, &share): (&u64, &f64)| match total * share / whole {
        0.0 if count == 0 => 0.0,
        0.0 => f64::INFINITY,
        expected => (count as f64 - expected).powi(2) / expected,
    };
    let statistic = observed.iter().zip(shares).map(term).sum();
    Some(ChiSquare { statistic, degrees: degrees as u32, p: upper_gamma(degrees as f64 / 2.0, statistic / 2.0) })
}

/// Half the width of the noise band around a share of `requests` independent draws, as a share.
pub(crate) fn noise(share: f64, requests: u64) -> f64 {
    NOISE_SIGMAS * (share * (1.0 - share) / requests.max(1) as f64).sqrt()
}

/// The standard deviation of all there is (not of a sample).
pub(crate) fn standard_deviation(values: &[u64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|&value| (value as f64 - mean).powi(2)).sum();
    (squares / values.len().max(1) as f64).sqrt()
}

/// The largest against the mean: 1 is even. 0 where there is nothing.
pub(crate) fn max_over_mean(values: &[u64]) -> f64 {
    let mean = mean(values);
    if mean == 0.0 { 0.0 } else { values.iter().copied().max().unwrap_or(0) as f64 / mean }
}

/// 0 where there is nothing.
pub(crate) fn mean(values: &[u64]) -> f64 {
    values.iter().sum::<u64>() as f64 / values.len().max(1) as f64
}

/// Q(a, x), a > 0, x ≥ 0.
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x.is_infinite() {
        return 0.0;
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 { 1.0 - scale * lower_series(a, x) } else { scale * upper_fraction(a, x) }
}

fn lower_series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0 / a, 1.0 / a);
    for n in 1..TERMS_MAX {
        term *= x / (a + f64::from(n));
        sum += term;
        if term < sum * PRECISION {
            break;
        }
    }
    sum
}

fn upper_fraction(a: f64, x: f64) -> f64 {
    // Lentz: a denominator of zero is replaced by something tiny.
    let away_from_zero = |value: f64| if value.abs() < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { value };
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / f64::MIN_POSITIVE;
    let mut d = 1.0 / away_from_zero(b);
    let mut fraction = d;
    for n in 1..TERMS_MAX {
        let n = f64::from(n);
        let numerator = n * (a - n);
        b += 2.0;
        d = 1.0 / away_from_zero(numerator * d + b);
        c = away_from_zero(b + numerator / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < PRECISION {
            break;
        }
    }
    fraction
}

fn ln_gamma(x: f64) -> f64 {
    let shifted = x + 5.5;
    let series: f64 = LANCZOS.iter().zip(1..).map(|(term, n)| term / (x + f64::from(n))).sum();
    (x + 0.5) * shifted.ln() - shifted + ((2.0 * PI).sqrt() * (series + 1.000_000_000_190_015) / x).ln()
}

#[cfg(test)]
mod tests;
