use super::*;

fn config(yaml: &str) -> SweepConfig {
    SweepConfig::from_yaml(yaml).unwrap()
}

fn past(parameters: &str, metric: Option<f64>, state: PastState) -> PastRun {
    let parameters = Value::parse(parameters).unwrap();
    PastRun {
        parameters,
        metric,
        state,
    }
}

/// Runs a sweep to its end, or for so many runs; `metric` is what a run with these parameters reaches.
fn sweep(config: &SweepConfig, most: usize, metric: impl Fn(&Value) -> f64) -> Vec<PastRun> {
    let mut runs = Vec::new();
    while runs.len() < most
        && let Next::Run(json) = next(config, &runs, seed("abc", runs.len()))
    {
        let parameters = Value::parse(&json).unwrap();
        let metric = Some(metric(&parameters));
        runs.push(PastRun {
            parameters,
            metric,
            state: PastState::Finished,
        });
    }
    runs
}

fn number(parameters: &Value, name: &str) -> f64 {
    parameters
        .get(name)
        .unwrap()
        .get("value")
        .unwrap()
        .as_f64()
        .unwrap()
}

const GRID: &str = "
method: grid
parameters:
  lr: {values: [0.1, 0.01, 0.1]}
  bs: {min: 1, max: 2}
  seed: {value: 7}
  model: {parameters: {act: {values: [relu, [1, 2]]}}}
";

#[test]
fn a_grid_gives_every_combination_once() {
    let config = config(GRID);
    let runs = sweep(&config, 100, |_| 0.0);
    let given: Vec<String> = runs.iter().map(|run| run.parameters.to_json()).collect();
    assert_eq!(given.len(), 8);
    assert_eq!(expected_runs(&config), Some(8));
    assert_eq!(
        given[0],
        r#"{"bs":{"value":1},"lr":{"value":0.1},"model":{"value":{"act":"relu"}},"seed":{"value":7}}"#
    );
    assert_eq!(
        given[1],
        r#"{"bs":{"value":1},"lr":{"value":0.1},"model":{"value":{"act":[1,2]}},"seed":{"value":7}}"#
    );
    let distinct: std::collections::HashSet<_> = given.iter().collect();
    assert_eq!(distinct.len(), 8);
}

#[test]
fn a_grid_counts_what_was_given_out_whatever_the_order() {
    let config = config(GRID);
    let mut runs = sweep(&config, 100, |_| 0.0);
    runs.reverse();
    let missing = runs.remove(3);
    runs.push(past(r#"{"bs":{"value":99}}"#, None, PastState::Failed));
    // As a run's config has it: in another order, with other members, and numbers as they come back from a script.
    runs[0] = past(
        r#"{"_wandb":{"value":{}},"seed":{"value":8},"model":{"value":{"x":1,"act":[1.0,2]}},"lr":{"value":1e-2},"bs":{"value":2}}"#,
        None,
        PastState::Active,
    );
    assert_eq!(
        next(&config, &runs, 0),
        Next::Run(missing.parameters.to_json())
    );
    runs.push(missing);
    assert_eq!(next(&config, &runs, 0), Next::Done);
}

#[test]
fn a_grid_of_steps_has_no_end_value() {
    let config =
        config("method: grid\nparameters: {x: {min: 0, max: 1, q: 0.25, distribution: q_uniform}}");
    let runs = sweep(&config, 100, |_| 0.0);
    let values: Vec<f64> = runs
        .iter()
        .map(|run| number(&run.parameters, "x"))
        .collect();
    assert_eq!(values, [0.0, 0.25, 0.5, 0.75]);
}

#[test]
fn a_grid_needs_countable_parameters() {
    let text = "method: grid\nparameters: {a: {parameters: {b: {min: 0.5, max: 1}}}}";
    let error = SweepConfig::from_yaml(text).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a.b: a grid needs `values`, integers or steps"
    );
}

#[test]
fn a_huge_grid_is_not_listed() {
    let axis = "{min: -9223372036854775808, max: 9223372036854775807}";
    let text = format!("method: grid\nparameters: {{a: {axis}, b: {axis}, c: {axis}}}");
    assert_eq!(sweep(&config(&text), 3, |_| 0.0).len(), 3);
}

#[test]
fn the_cap_and_the_target_end_a_sweep() {
    let text = "method: random\nrun_cap: 5\nparameters: {x: {min: 0, max: 1.0}}\n";
    assert_eq!(sweep(&config(text), 100, |_| 0.0).len(), 5);
    assert_eq!(expected_runs(&config(text)), Some(5));
    let text = format!("{text}metric: {{name: acc, goal: maximize, target: 0.9}}");
    let runs = [0.1, 0.95].map(|metric| past("{}", Some(metric), PastState::Active));
    assert_ne!(next(&config(&text), &runs[..1], 0), Next::Done);
    assert_eq!(next(&config(&text), &runs, 0), Next::Done);
}

#[test]
fn random_runs_differ_and_can_be_repeated() {
    let text = "method: random\nparameters: {x: {min: 0, max: 1.0}, y: {values: [a, b]}, z: {mu: 5, sigma: 2, distribution: q_normal, q: 1}}";
    let config = config(text);
    let runs = sweep(&config, 2000, |_| 0.0);
    let again = sweep(&config, 2000, |_| 1.0);
    assert!(
        runs.iter()
            .zip(&again)
            .all(|(a, b)| a.parameters == b.parameters)
    );
    let mean = |name: &str| {
        let values = runs.iter().map(|run| number(&run.parameters, name));
        values.sum::<f64>() / runs.len() as f64
    };
    assert!((mean("x") - 0.5).abs() < 0.03, "{}", mean("x"));
    assert!((mean("z") - 5.0).abs() < 0.2, "{}", mean("z"));
    let text: String = runs.iter().map(|run| run.parameters.to_json()).collect();
    let share = text.matches("\"a\"").count() as f64 / runs.len() as f64;
    assert!((share - 0.5).abs() < 0.05, "{share}");
}

const BAYES: &str = "
method: bayes
metric: {name: loss}
parameters:
  x: {min: -5.0, max: 5.0}
  lr: {distribution: log_uniform_values, min: 1e-5, max: 1}
  act: {values: [relu, gelu, tanh]}
  seed: {value: 1}
";

/// Least at x = 1, lr = 0.01 and gelu.
fn loss(parameters: &Value) -> f64 {
    let act = parameters
        .get("act")
        .unwrap()
        .get("value")
        .unwrap()
        .as_str();
    let x = (number(parameters, "x") - 1.0) / 5.0;
    let lr = (number(parameters, "lr").log10() + 2.0) / 2.5;
    x * x + lr * lr + if act == Some("gelu") { 0.0 } else { 0.3 }
}

fn best(runs: &[PastRun]) -> f64 {
    runs.iter()
        .filter_map(|run| run.metric)
        .fold(f64::INFINITY, f64::min)
}

#[test]
fn bayes_finds_better_parameters_than_chance() {
    let bayes = best(&sweep(&config(BAYES), 30, loss));
    let random = best(&sweep(&config(&BAYES.replace("bayes", "random")), 30, loss));
    assert!(bayes < 0.01 && bayes < random, "{bayes} {random}");
    let maximize = BAYES.replace("name: loss", "name: loss, goal: maximize");
    let runs = sweep(&config(&maximize), 30, |parameters| -loss(parameters));
    let best = runs
        .iter()
        .filter_map(|run| run.metric)
        .fold(f64::NEG_INFINITY, f64::max);
    assert!(best > -0.01, "{best}");
}

#[test]
fn bayes_takes_runs_of_every_kind() {
    let random = config(&BAYES.replace("bayes", "random"));
    let mut runs = sweep(&random, 200, loss);
    let config = config(BAYES);
    for (i, run) in runs.iter_mut().enumerate() {
        match i % 5 {
            0 => run.state = PastState::Failed,
            1 => run.metric = None,
            2 => run.metric = Some(f64::NAN),
            3 if i > 60 => run.state = PastState::Active,
            _ => {}
        }
    }
    runs.push(past("{}", Some(0.0), PastState::Finished));
    runs.push(past(
        r#"{"x":{"value":"a"},"lr":{"value":-1},"act":{"value":1}}"#,
        Some(-1e300),
        PastState::Finished,
    ));
    assert_ne!(next(&config, &runs, 1), Next::Done);
    for run in &mut runs {
        run.metric = Some(0.0);
    }
    assert_ne!(next(&config, &runs, 1), Next::Done, "no differences");
}

#[test]
fn agents_that_ask_at_once_get_different_parameters() {
    let config = config(BAYES);
    let mut runs = sweep(&config, 10, loss);
    let mut given = Vec::new();
    for _ in 0..4 {
        let Next::Run(json) = next(&config, &runs, 99) else {
            panic!("the sweep is at its end");
        };
        runs.push(past(&json, None, PastState::Active));
        given.push(json);
    }
    given.sort();
    given.dedup();
    assert_eq!(given.len(), 4);
}
