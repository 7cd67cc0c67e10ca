//! What values a parameter has, and how likely they are.
//!
//! Every distribution is described by its quantile function: a number between 0 and 1 becomes a value, and an even spread
//! of such numbers becomes the distribution. A search that looks for good places between 0 and 1 needs no more than that
//! and the way back ([`Distribution::position`]).
//! The functions and their names follow the `sweeps` package of W&B.

use crate::wire::json::Value;

/// How a parameter's values are spread.
#[derive(Debug, Clone, PartialEq)]
pub enum Distribution {
    Constant(Value),
    /// Some values, each as likely as its probability says, or all the same.
    Categorical {
        values: Vec<Value>,
        probabilities: Option<Vec<f64>>,
    },
    /// Integers, both ends included.
    IntUniform {
        min: i64,
        max: i64,
    },
    /// Real numbers, rounded to multiples of a step if there is one.
    Real {
        shape: Shape,
        step: Option<Step>,
    },
}

/// A distribution over real numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    Uniform {
        min: f64,
        max: f64,
    },
    /// The natural logarithm is uniform between these.
    LogUniform {
        min: f64,
        max: f64,
    },
    Normal {
        mu: f64,
        sigma: f64,
    },
    /// The natural logarithm is normal.
    LogNormal {
        mu: f64,
        sigma: f64,
    },
    Beta {
        a: f64,
        b: f64,
    },
}

/// Values are rounded to multiples of this.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub size: f64,
    /// It is written as an integer, and so are the values.
    pub integer: bool,
}

impl Distribution {
    /// The value below which this part of all values is.
    pub fn quantile(&self, part: f64) -> Value {
        match self {
            Self::Constant(value) => value.clone(),
            Self::Categorical {
                values,
                probabilities,
            } => {
                let index = match probabilities {
                    None => (part * values.len() as f64) as usize,
                    Some(probabilities) => {
                        let mut sum = 0.0;
                        let passed = probabilities.iter().take_while(|probability| {
                            sum += **probability;
                            sum <= part
                        });
                        passed.count()
                    }
                };
                let last = values.len().saturating_sub(1);
                values.get(index.min(last)).cloned().unwrap_or(Value::Null)
            }
            Self::IntUniform { min, max } => {
                let count = *max as f64 - *min as f64 + 1.0;
                let offset = (part * count) as i64;
                Value::Int(min.saturating_add(offset).min(*max))
            }
            Self::Real { shape, step } => {
                let value = shape.quantile(part);
                match step {
                    None => Value::Float(value),
                    Some(step) => step.round(value),
                }
            }
        }
    }

    /// Which part of all values is below this one: the contrary of [`Distribution::quantile`]. For one of several values
    /// it is the middle of its part.
    pub fn position(&self, value: &Value) -> Option<f64> {
        match self {
            Self::Constant(_) => None,
            Self::Categorical {
                values,
                probabilities,
            } => {
                let index = values.iter().position(|known| same(known, value))?;
                Some(match probabilities {
                    None => (index as f64 + 0.5) / values.len() as f64,
                    Some(probabilities) => {
                        let below: f64 = probabilities.iter().take(index).sum();
                        below + probabilities.get(index)? / 2.0
                    }
                })
            }
            Self::IntUniform { min, max } => {
                let count = *max as f64 - *min as f64 + 1.0;
                Some(((value.as_f64()? - *min as f64 + 0.5) / count).clamp(0.0, 1.0))
            }
            Self::Real { shape, .. } => {
                let part = shape.position(value.as_f64()?);
                part.is_finite().then_some(part.clamp(0.0, 1.0))
            }
        }
    }
}

impl Step {
    pub(super) fn round(self, value: f64) -> Value {
        self.value((value / self.size).round() * self.size)
    }

    pub(super) fn value(self, value: f64) -> Value {
        if self.integer {
            Value::Int(value as i64)
        } else {
            Value::Float(value)
        }
    }
}

impl Shape {
    fn quantile(self, part: f64) -> f64 {
        let between = |min: f64, max: f64| min + part * (max - min);
        match self {
            Self::Uniform { min, max } => between(min, max),
            Self::LogUniform { min, max } => between(min, max).exp(),
            Self::Normal { mu, sigma } => mu + sigma * normal_quantile(part),
            Self::LogNormal { mu, sigma } => (mu + sigma * normal_quantile(part)).exp(),
            Self::Beta { a, b } => {
                let (mut low, mut high) = (0.0, 1.0);
                for _ in 0..60 {
                    let middle = f64::midpoint(low, high);
                    if beta_position(middle, a, b) < part {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                f64::midpoint(low, high)
            }
        }
    }

    fn position(self, value: f64) -> f64 {
        match self {
            Self::Uniform { min, max } => (value - min) / (max - min),
            Self::LogUniform { min, max } => (value.ln() - min) / (max - min),
            Self::Normal { mu, sigma } => normal_position((value - mu) / sigma),
            Self::LogNormal { mu, sigma } => normal_position((value.ln() - mu) / sigma),
            Self::Beta { a, b } => beta_position(value, a, b),
        }
    }
}

/// Whether two values are the same parameter: `1` and `1.0` are.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            a.as_f64().map(f64::to_bits) == b.as_f64().map(f64::to_bits) || a.as_f64() == b.as_f64()
        }
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Map(members), Value::Map(others)) => {
            let known =
                |(name, value): &(String, Value)| b.get(name).is_some_and(|b| same(value, b));
            members.len() == others.len() && members.iter().all(known)
        }
        _ => a == b,
    }
}

/// The standard normal distribution's quantile, to nine digits (P. J. Acklam).
#[allow(clippy::unreadable_literal)] // as published
fn normal_quantile(part: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969683028665376e1,
        2.209460984245205e2,
        -2.759285104469687e2,
        1.38357751867269e2,
        -3.066479806614716e1,
        2.506628277459239,
    ];
    const B: [f64; 6] = [
        -5.447609879822406e1,
        1.615858368580409e2,
        -1.556989798598866e2,
        6.680131188771972e1,
        -1.328068155288572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784894002430293e-3,
        -3.223964580411365e-1,
        -2.400758277161838,
        -2.549732539343734,
        4.374664141464968,
        2.938163982698783,
    ];
    const D: [f64; 5] = [
        7.784695709041462e-3,
        3.224671290700398e-1,
        2.445134137142996,
        3.754408661907416,
        1.0,
    ];
    let polynomial = |factors: &[f64], x: f64| factors.iter().fold(0.0, |sum, f| sum * x + f);
    // The tails have no end.
    let part = part.clamp(1e-12, 1.0 - 1e-12);
    let tail = part.min(1.0 - part);
    if tail < 0.02425 {
        let x = (-2.0 * tail.ln()).sqrt();
        let quantile = polynomial(&C, x) / polynomial(&D, x);
        return if part < 0.5 { quantile } else { -quantile };
    }
    let x = part - 0.5;
    polynomial(&A, x * x) * x / polynomial(&B, x * x)
}

/// Which part of the standard normal distribution is below a value, to six digits (Abramowitz and Stegun 26.2.17).
pub(super) fn normal_position(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let factors = [
        1.330_274_429,
        -1.821_255_978,
        1.781_477_937,
        -0.356_563_782,
        0.319_381_530,
    ];
    let sum = factors.iter().fold(0.0, |sum, factor| sum * t + factor) * t;
    let above = normal_density(x) * sum;
    if x < 0.0 { above } else { 1.0 - above }
}

/// The standard normal distribution's density.
pub(super) fn normal_density(x: f64) -> f64 {
    (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

/// The regularised incomplete beta function, by its continued fraction (Lentz).
fn beta_position(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let front =
        (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    // The fraction converges quickly on this side of the mean only.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(x, a, b) / a
    } else {
        1.0 - front * beta_fraction(1.0 - x, b, a) / b
    }
}

fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    let tiny = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut above = 1.0;
    let mut below = 1.0 / tiny(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = below;
    for step in 1..200 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        for factor in [even, odd] {
            below = 1.0 / tiny(1.0 + factor * below);
            above = tiny(1.0 + factor / above);
            fraction *= above * below;
        }
        if (above * below - 1.0).abs() < 1e-12 {
            break;
        }
    }
    fraction
}

/// The logarithm of the gamma function of a positive number, by Stirling's series.
fn ln_gamma(x: f64) -> f64 {
    // The series is good for large numbers: go there by gamma(x + 1) = x * gamma(x).
    let mut shift = 0.0;
    let mut x = x;
    while x < 10.0 {
        shift += x.ln();
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    let series =
        (1.0 / 12.0 - inverse * (1.0 / 360.0 - inverse * (1.0 / 1260.0 - inverse / 1680.0))) / x;
    (x - 0.5) * x.ln() - x + std::f64::consts::TAU.ln() / 2.0 + series - shift
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(shape: Shape) -> Distribution {
        Distribution::Real { shape, step: None }
    }

    /// The expected numbers are those of Python's `scipy.stats`.
    #[test]
    fn quantiles_agree_with_scipy() {
        let normal = Shape::Normal {
            mu: 1.0,
            sigma: 2.0,
        };
        for (shape, part, expected) in [
            (
                Shape::Uniform {
                    min: -1.0,
                    max: 3.0,
                },
                0.25,
                0.0,
            ),
            (
                Shape::LogUniform {
                    min: 0.001_f64.ln(),
                    max: 0.0,
                },
                0.5,
                0.031_622_776_6,
            ),
            (normal, 0.5, 1.0),
            (normal, 0.975, 4.919_927_969),
            (normal, 0.001, -5.180_464_612),
            (
                Shape::LogNormal {
                    mu: 0.0,
                    sigma: 1.0,
                },
                0.9,
                3.602_224_479,
            ),
            (Shape::Beta { a: 2.0, b: 5.0 }, 0.5, 0.264_449_983),
            (Shape::Beta { a: 0.5, b: 0.5 }, 0.1, 0.024_471_742),
            (Shape::Beta { a: 1.0, b: 1.0 }, 0.3, 0.3),
        ] {
            let value = shape.quantile(part);
            assert!((value - expected).abs() < 1e-7, "{shape:?} {part}: {value}");
            assert!(
                (shape.position(value) - part).abs() < 1e-6,
                "{shape:?} {part}"
            );
        }
    }

    #[test]
    fn values_and_steps_stay_what_they_are() {
        let show = |distribution: &Distribution, part| distribution.quantile(part).to_json();
        let ints = Distribution::IntUniform { min: 1, max: 3 };
        assert_eq!(
            [0.0, 0.34, 0.999, 1.0].map(|part| show(&ints, part)),
            ["1", "2", "3", "3"]
        );
        let uniform = Shape::Uniform {
            min: 0.0,
            max: 10.0,
        };
        let step = |size, integer| Distribution::Real {
            shape: uniform,
            step: Some(Step { size, integer }),
        };
        assert_eq!(show(&step(4.0, true), 0.55), "4");
        assert_eq!(show(&step(0.5, false), 0.52), "5.0");
        let values = vec!["a".into(), Value::Int(1), Value::Null];
        let even = Distribution::Categorical {
            values: values.clone(),
            probabilities: None,
        };
        assert_eq!(
            [0.0, 0.4, 1.0].map(|part| show(&even, part)),
            ["\"a\"", "1", "null"]
        );
        let probabilities = Some(vec![0.0, 0.25, 0.75]);
        let uneven = Distribution::Categorical {
            values,
            probabilities,
        };
        assert_eq!(
            [0.0, 0.24, 0.25, 1.0].map(|part| show(&uneven, part)),
            ["1", "1", "null", "null"]
        );
        assert_eq!(even.position(&Value::Float(1.0)), Some(0.5));
        assert_eq!(even.position(&Value::Int(2)), None);
        assert_eq!(real(uniform).position(&Value::Int(99)), Some(1.0));
    }
}
