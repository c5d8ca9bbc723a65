//! Gamma, beta and error functions, and the test that rests on them.

use crate::arguments::real;
use crate::maths::of_real;
use crate::{Datum, Kernel};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("gamma", |_, arguments| of_real(arguments, libm::tgamma)),
    ("loggamma", |_, arguments| of_real(arguments, libm::lgamma)),
    ("erf", |_, arguments| of_real(arguments, libm::erf)),
    ("erfc", |_, arguments| of_real(arguments, libm::erfc)),
    ("beta_cdf", |_, arguments| {
        of_three(arguments, |x, alpha, beta| Some(beta_cdf(x, alpha, beta)))
    }),
    ("beta_pdf", |_, arguments| {
        of_three(arguments, |x, alpha, beta| Some(beta_pdf(x, alpha, beta)))
    }),
    ("beta_inv", |_, arguments| of_three(arguments, beta_inv)),
    ("welch_test", |_, arguments| welch_test(arguments)),
];

fn of_three(arguments: &[Datum<'_>], compute: impl Fn(f64, f64, f64) -> Option<f64>) -> Datum<'static> {
    match (real(arguments, 0), real(arguments, 1), real(arguments, 2)) {
        (Some(x), Some(alpha), Some(beta)) => compute(x, alpha, beta).map_or(Datum::Null, Datum::Real),
        _ => Datum::Null,
    }
}

fn is_beta(alpha: f64, beta: f64) -> bool {
    alpha > 0.0 && beta > 0.0 && alpha.is_finite() && beta.is_finite()
}

/// The logarithm of x^alpha (1 - x)^beta / B(alpha, beta).
fn log_weight(x: f64, alpha: f64, beta: f64) -> f64 {
    libm::lgamma(alpha + beta) - libm::lgamma(alpha) - libm::lgamma(beta) + alpha * x.ln() + beta * (-x).ln_1p()
}

fn beta_pdf(x: f64, alpha: f64, beta: f64) -> f64 {
    if !(0.0..=1.0).contains(&x) || !is_beta(alpha, beta) {
        return f64::NAN;
    }
    let log_beta = libm::lgamma(alpha) + libm::lgamma(beta) - libm::lgamma(alpha + beta);
    // Powers rather than logarithms at the ends, where 0 * ln 0 would be NaN.
    x.powf(alpha - 1.0) * (1.0 - x).powf(beta - 1.0) * (-log_beta).exp()
}

/// The regularised incomplete beta function.
fn beta_cdf(x: f64, alpha: f64, beta: f64) -> f64 {
    if !(0.0..=1.0).contains(&x) || !is_beta(alpha, beta) {
        return f64::NAN;
    }
    if x == 0.0 || x == 1.0 {
        return x;
    }
    // The fraction converges quickly below the mean; above it the mirror image is taken.
    if x < (alpha + 1.0) / (alpha + beta + 2.0) {
        (log_weight(x, alpha, beta)).exp() * fraction(x, alpha, beta) / alpha
    } else {
        1.0 - (log_weight(1.0 - x, beta, alpha)).exp() * fraction(1.0 - x, beta, alpha) / beta
    }
}

/// Terms of the continued fraction at most. It needs about the square root of the larger parameter.
const TERMS_MAX: u32 = 10_000;

/// The continued fraction of the incomplete beta function, by Lentz's method.
fn fraction(x: f64, alpha: f64, beta: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = away_from_zero(1.0 - (alpha + beta) * x / (alpha + 1.0)).recip();
    let mut value = d;
    for term in 1..=TERMS_MAX {
        let m = f64::from(term);
        let even = m * (beta - m) * x / ((alpha + 2.0 * m - 1.0) * (alpha + 2.0 * m));
        d = away_from_zero(1.0 + even * d).recip();
        c = away_from_zero(1.0 + even / c);
        value *= c * d;
        let odd = -(alpha + m) * (alpha + beta + m) * x / ((alpha + 2.0 * m) * (alpha + 2.0 * m + 1.0));
        d = away_from_zero(1.0 + odd * d).recip();
        c = away_from_zero(1.0 + odd / c);
        let step = c * d;
        value *= step;
        if (step - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}

/// The x at which the distribution reaches a probability; null where that is none.
fn beta_inv(probability: f64, alpha: f64, beta: f64) -> Option<f64> {
    if !is_beta(alpha, beta) {
        return Some(f64::NAN);
    }
    if !(0.0..=1.0).contains(&probability) {
        return None;
    }
    if probability == 0.0 || probability == 1.0 {
        return Some(probability);
    }
    // The distribution grows with x: halve until two neighbours are left.
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..HALVINGS_MAX {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if beta_cdf(middle, alpha, beta) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

/// Times that the range of x is halved: beyond, what is left is below 1e-60.
const HALVINGS_MAX: usize = 200;

/// Welch's t-test of means, variances and counts of two samples: the probability (two-sided) of such a difference.
fn welch_test(arguments: &[Datum<'_>]) -> Datum<'static> {
    let (Some(mean1), Some(variance1), Some(count1), Some(mean2), Some(variance2), Some(count2)) = (
        real(arguments, 0),
        real(arguments, 1),
        real(arguments, 2),
        real(arguments, 3),
        real(arguments, 4),
        real(arguments, 5),
    ) else {
        return Datum::Null;
    };
    let (error1, error2) = (variance1 / count1, variance2 / count2);
    let t = (mean1 - mean2) / (error1 + error2).sqrt();
    let freedom = (error1 + error2).powi(2) / (error1.powi(2) / (count1 - 1.0) + error2.powi(2) / (count2 - 1.0));
    Datum::Real(beta_cdf(freedom / (freedom + t * t), freedom / 2.0, 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, l, r};

    fn assert_near(name: &str, arguments: &[Datum<'_>], expected: f64) {
        let Datum::Real(value) = call(name, arguments) else {
            panic!("{name} is no real")
        };
        assert!(
            (value - expected).abs() <= 1e-12 * expected.abs().max(1.0),
            "{name}: {value} is not {expected}"
        );
    }

    #[test]
    fn known_values() {
        assert_near("gamma", &[l(5)], 24.0);
        assert_near("loggamma", &[l(5)], 3.178_053_830_347_946);
        assert_near("erf", &[r(0.5)], 0.520_499_877_813_046_5);
        assert_near("erfc", &[r(0.5)], 0.479_500_122_186_953_5);
        assert_near("beta_cdf", &[r(0.9), r(10.0), r(20.0)], 0.999_999_999_999_959);
        assert_near("beta_pdf", &[r(0.5), r(10.0), r(20.0)], 0.746_176_019_310_951);
        assert_near("beta_inv", &[r(0.1), r(10.0), r(20.0)], 0.226_415_022_388_749);
        // Student's t at two degrees of freedom leaves 1 - t / sqrt(2 + t^2) outside.
        assert_near(
            "welch_test",
            &[l(1), l(1), l(2), l(0), l(1), l(2)],
            1.0 - 3.0_f64.sqrt().recip(),
        );
    }

    #[test]
    fn outside_of_the_domain() {
        for name in ["beta_cdf", "beta_pdf"] {
            for x in [-10.0, 1.5] {
                assert!(matches!(call(name, &[r(x), r(10.0), r(20.0)]), Datum::Real(value) if value.is_nan()));
            }
        }
        assert_eq!(call("beta_inv", &[r(1.5), r(10.0), r(20.0)]), Datum::Null);
        assert!(matches!(call("beta_inv", &[r(0.1), r(-1.0), r(20.0)]), Datum::Real(value) if value.is_nan()));
    }

    #[test]
    fn the_inverse_undoes_the_distribution() {
        for (alpha, beta) in [(0.5, 0.5), (2.0, 5.0), (400.0, 3.0)] {
            for probability in [0.001, 0.25, 0.5, 0.99] {
                let x = beta_inv(probability, alpha, beta).expect("a probability");
                assert!(
                    (beta_cdf(x, alpha, beta) - probability).abs() < 1e-9,
                    "{alpha} {beta} {probability}"
                );
            }
        }
    }
}
