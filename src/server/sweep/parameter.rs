//! The parameters of a sweep's config.

use super::SweepError;
use super::config::{MAX_DEPTH, MAX_PARAMETERS, Parameter, number, unknown};
use super::distribution::{Distribution, Shape, Step};
use crate::wire::json::Value;

/// Adds the parameters of a mapping, those in nested mappings behind their names.
pub(super) fn gather(
    members: &[(String, Value)],
    path: &mut Vec<String>,
    parameters: &mut Vec<Parameter>,
    warnings: &mut Vec<String>,
) -> Result<(), SweepError> {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by(|a, b| a.0.cmp(&b.0));
    for (key, value) in members {
        path.push(key.clone());
        if path.len() > MAX_DEPTH || parameters.len() >= MAX_PARAMETERS {
            return Err(SweepError::TooLarge);
        }
        match value {
            Value::Map(inner) => match value.get("parameters") {
                Some(Value::Map(nested)) => {
                    unknown(&path.join("."), inner, "parameters", warnings);
                    gather(nested, path, parameters, warnings)?;
                }
                _ => parameters.push(Parameter {
                    path: path.clone(),
                    distribution: distribution(value, inner, &path.join("."), warnings)?,
                }),
            },
            other => {
                warnings.push(format!(
                    "{}: expected a mapping, taken as `value`",
                    path.join(".")
                ));
                parameters.push(Parameter {
                    path: path.clone(),
                    distribution: Distribution::Constant(other.clone()),
                });
            }
        }
        path.pop();
    }
    Ok(())
}

fn distribution(
    value: &Value,
    members: &[(String, Value)],
    at: &str,
    warnings: &mut Vec<String>,
) -> Result<Distribution, SweepError> {
    let known = "distribution value values probabilities min max q mu sigma a b";
    unknown(at, members, known, warnings);
    let fault = |reason: &str| SweepError::Parameter {
        name: at.to_owned(),
        reason: reason.to_owned(),
    };
    let optional = |key: &str, default: f64| match value.get(key) {
        None => Ok(default),
        Some(found) => number(found).ok_or_else(|| fault(&format!("`{key}` is no number"))),
    };
    let required = |key: &str| match value.get(key) {
        None => Err(fault(&format!("needs `{key}`"))),
        Some(_) => optional(key, 0.0),
    };
    let limits = || {
        let (min, max) = (required("min")?, required("max")?);
        if min < max && (max - min).is_finite() {
            Ok((min, max))
        } else {
            Err(fault("`min` must be less than `max`"))
        }
    };
    let logs = || match limits()? {
        (min, max) if min > 0.0 => Ok((min.ln(), max.ln())),
        _ => Err(fault("`min` must be positive")),
    };
    let spread = || {
        let (mu, sigma) = (optional("mu", 0.0)?, optional("sigma", 1.0)?);
        if sigma < 0.0 {
            return Err(fault("`sigma` must not be negative"));
        }
        Ok((mu, sigma))
    };
    let has = |key| value.get(key).is_some();
    let integers = ["min", "max"].map(|key| matches!(value.get(key), Some(Value::Int(_))));
    let named = match value.get("distribution") {
        Some(name) => name
            .as_str()
            .ok_or_else(|| fault("`distribution` is no text"))?,
        None if has("values") => "categorical",
        None if has("value") => "constant",
        None if integers == [true, true] => "int_uniform",
        None if has("min") || has("max") => "uniform",
        None if has("mu") || has("sigma") => "normal",
        None => return Err(fault("needs `value`, `values`, or `min` and `max`")),
    };
    let (name, stepped) = match named.strip_prefix("q_") {
        Some(name) => (name, true),
        None => (named, false),
    };
    let shape = match name {
        "constant" if !stepped => {
            let value = value.get("value").ok_or_else(|| fault("needs `value`"))?;
            return Ok(Distribution::Constant(value.clone()));
        }
        "categorical" | "categorical_w_probabilities" if !stepped => {
            return categorical(value, &fault);
        }
        "int_uniform" if !stepped => {
            return match (value.get("min"), value.get("max")) {
                (Some(&Value::Int(min)), Some(&Value::Int(max))) if min < max => {
                    Ok(Distribution::IntUniform { min, max })
                }
                _ => Err(fault("needs the integers `min` and, larger, `max`")),
            };
        }
        "uniform" => limits().map(|(min, max)| Shape::Uniform { min, max })?,
        "log_uniform" => limits().map(|(min, max)| Shape::LogUniform { min, max })?,
        // The logarithm of 1/x is uniform: so is that of x, between the limits with the other sign.
        "inv_log_uniform" => limits().map(|(min, max)| Shape::LogUniform {
            min: -max,
            max: -min,
        })?,
        "log_uniform_values" | "inv_log_uniform_values" => {
            logs().map(|(min, max)| Shape::LogUniform { min, max })?
        }
        "normal" => spread().map(|(mu, sigma)| Shape::Normal { mu, sigma })?,
        "log_normal" => spread().map(|(mu, sigma)| Shape::LogNormal { mu, sigma })?,
        "beta" => match (optional("a", 1.0)?, optional("b", 1.0)?) {
            (a, b) if a > 0.0 && b > 0.0 => Shape::Beta { a, b },
            _ => return Err(fault("`a` and `b` must be positive")),
        },
        _ => return Err(fault(&format!("unknown distribution `{named}`"))),
    };
    let step = if stepped {
        let size = optional("q", 1.0)?;
        if size <= 0.0 {
            return Err(fault("`q` must be positive"));
        }
        let integer = matches!(value.get("q"), Some(Value::Int(_)));
        Some(Step { size, integer })
    } else {
        None
    };
    Ok(Distribution::Real { shape, step })
}

fn categorical(
    value: &Value,
    fault: &impl Fn(&str) -> SweepError,
) -> Result<Distribution, SweepError> {
    let values = match value.get("values") {
        Some(Value::List(values)) if !values.is_empty() => values.clone(),
        _ => return Err(fault("`values` must be a list with members")),
    };
    let probabilities = match value.get("probabilities") {
        None => None,
        Some(Value::List(list)) => {
            let list: Option<Vec<f64>> = list.iter().map(number).collect();
            let fits = |list: &Vec<f64>| {
                let sum: f64 = list.iter().sum();
                let positive = list.iter().all(|probability| *probability >= 0.0);
                list.len() == values.len() && positive && (sum - 1.0).abs() < 1e-6
            };
            let fault = || fault("`probabilities` must be one for each value, and 1 together");
            Some(list.filter(fits).ok_or_else(fault)?)
        }
        Some(_) => return Err(fault("`probabilities` must be a list")),
    };
    Ok(Distribution::Categorical {
        values,
        probabilities,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::sweep::config::SweepConfig;

    fn parameter(yaml: &str) -> Result<Distribution, String> {
        let text = format!("method: random\nparameters:\n  x: {yaml}\n");
        let config = SweepConfig::from_yaml(&text).map_err(|error| error.to_string())?;
        Ok(config.parameters.into_iter().next().unwrap().distribution)
    }

    #[test]
    fn a_parameter_is_told_by_its_keys() {
        let shape = Shape::Uniform { min: 0.0, max: 1.0 };
        let real = |step| Ok(Distribution::Real { shape, step });
        assert_eq!(
            parameter("{min: 0, max: 1}"),
            Ok(Distribution::IntUniform { min: 0, max: 1 })
        );
        assert_eq!(parameter("{min: 0, max: 1.0}"), real(None));
        assert_eq!(
            parameter("{min: 0, max: 1, distribution: uniform}"),
            real(None)
        );
        let step = |size, integer| real(Some(Step { size, integer }));
        assert_eq!(
            parameter("{min: 0, max: 1, distribution: q_uniform}"),
            step(1.0, false)
        );
        assert_eq!(
            parameter("{min: 0, max: 1, q: 2, distribution: q_uniform}"),
            step(2.0, true)
        );
        let log = Shape::LogUniform {
            min: -3.0,
            max: -1.0,
        };
        assert_eq!(
            parameter("{min: 1, max: 3, distribution: inv_log_uniform}"),
            Ok(Distribution::Real {
                shape: log,
                step: None
            })
        );
        let normal = Shape::Normal {
            mu: 2.0,
            sigma: 1.0,
        };
        assert_eq!(
            parameter("{mu: 2}"),
            Ok(Distribution::Real {
                shape: normal,
                step: None
            })
        );
        for name in "normal q_normal log_normal q_log_normal beta q_beta".split(' ') {
            assert!(
                parameter(&format!("{{distribution: {name}}}")).is_ok(),
                "{name}"
            );
        }
    }

    #[test]
    fn what_has_no_values_is_an_error() {
        for (yaml, error) in [
            ("{min: 1}", "x: needs `max`"),
            ("{min: 2, max: 1.5}", "x: `min` must be less than `max`"),
            ("{min: a, max: 1}", "x: `min` is no number"),
            ("{}", "x: needs `value`, `values`, or `min` and `max`"),
            ("{values: []}", "x: `values` must be a list with members"),
            (
                "{values: [1, 2], probabilities: [1]}",
                "x: `probabilities` must be one for each value, and 1 together",
            ),
            (
                "{min: 0, max: 1, distribution: log_uniform_values}",
                "x: `min` must be positive",
            ),
            ("{distribution: cauchy}", "x: unknown distribution `cauchy`"),
            (
                "{distribution: q_constant, value: 1}",
                "x: unknown distribution `q_constant`",
            ),
            ("{distribution: q_normal, q: 0}", "x: `q` must be positive"),
            (
                "{distribution: normal, sigma: -1}",
                "x: `sigma` must not be negative",
            ),
        ] {
            assert_eq!(parameter(yaml).unwrap_err(), error, "{yaml}");
        }
    }
}
