//! What names mean: which are metrics for sure, which count something, which never are metrics.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};

/// What a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A name that every field uses for a measured value.
    Metric,
    /// Global step; the number is its rank where a line has several.
    Step(u8),
    Epoch,
    /// A position inside an epoch; neither a step nor a metric.
    Batch,
    /// Durations, sizes, ids, settings.
    Never,
    /// Any other name: a metric if the line is a report.
    Unknown,
}

/// Keys (lower case, `_` for blanks) that count steps, the most global first.
const STEPS: &[&str] = &[
    "global_step",
    "num_updates",
    "total_timesteps",
    "training_iteration",
    "step",
    "iteration",
    "iterate",
    "iter",
    "update",
    "trial",
    "learning_iteration",
    "training_step",
    "train_step",
    "optimizer_step",
    "env_step",
    "timesteps",
    "timestep",
    "it",
    "episode",
    "generation",
    "steps",
    "iters",
];

/// Words that make a key a metric when they stand at its end.
const METRICS: &[&str] = &[
    "loss",
    "nll",
    "xent",
    "ppl",
    "perplexity",
    "bpb",
    "bpc",
    "acc",
    "accuracy",
    "top1",
    "top5",
    "err",
    "error",
    "error_rate",
    "mse",
    "rmse",
    "mae",
    "mape",
    "r2",
    "logloss",
    "auc",
    "auroc",
    "ap",
    "ap50",
    "map",
    "map50",
    "iou",
    "miou",
    "dice",
    "f1",
    "precision",
    "recall",
    "mrr",
    "ndcg",
    "bleu",
    "rouge",
    "chrf",
    "wer",
    "cer",
    "psnr",
    "ssim",
    "fid",
    "elbo",
    "kl",
    "entropy",
    "reward",
    "return",
    "ep_rew_mean",
    "ep_len_mean",
    "score",
    "objective",
    "inertia",
    "grad_norm",
    "gnorm",
    "metric",
];

/// In a name, what its norm is of: only these are measured, others are settings.
const NORMED: &[&str] = &["grad", "gnorm", "param", "weight", "update", "global"];

/// Parts of words that make a key a metric wherever they stand.
const METRIC_PARTS: &[&str] = &["loss", "reward", "return", "perplex", "map50"];

/// Words that begin like `acc` and have nothing to do with accuracy.
const NOT_ACCURACY: &[&str] = &["accum", "acce", "acco", "accr"];

/// Ends of names that are files.
const FILES: &[&str] = &[
    ".py", ".cpp", ".cc", ".c", ".h", ".rs", ".js", ".ts", ".java", ".go", ".cu", ".jl", ".sh",
];

/// Words that make a key no metric when they are the key or stand at its end.
const NEVER: &[&str] = &[
    "time",
    "eta",
    "elapsed",
    "dt",
    "duration",
    "wall",
    "took",
    "seconds",
    "sec",
    "secs",
    "ms",
    "remaining",
    "runtime",
    "cost",
    "data",
    "batch_time",
    "forward",
    "backward",
    "params",
    "parameters",
    "port",
    "pid",
    "rank",
    "world_size",
    "seed",
    "version",
    "batch_size",
    "workers",
    "num_workers",
    "shape",
    "size",
    "bytes",
    "epochs",
    "max_steps",
    "total_steps",
    "num_epochs",
    "layers",
    "hidden",
    "loss_scale",
    "z_score",
    "momentum",
    "weights",
    "weight",
    "patience",
    "date",
    "timestamp",
    "ts",
    "host",
    "id",
    "examples",
    "samples",
    "devices",
    "gpus",
    "line",
    "python",
    "torch",
    "cuda",
    "total",
    "warmup",
    "weight_decay",
    "dropout",
    "threads",
    "count",
    "level",
    "address",
    "memory",
    "jobs",
    "tasks",
    "files",
    "images",
    "tokens",
    "items",
    "requests",
    "users",
    "errors",
    "warnings",
    "lines",
    "words",
    "sentences",
    "records",
    "nodes",
    "processes",
    "labels",
    "classes",
    "coef",
    "coeff",
    "max_grad_norm",
    "max_norm",
    "machine_precision",
    "total_flos",
];

/// Words that may stand in front of the first pair of a report without making it a sentence.
pub fn is_label(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    bare.is_empty()
        || bare.bytes().all(|b| b.is_ascii_digit())
        || super::split::word(bare).is_some()
        || !matches!(meaning(bare), Meaning::Unknown)
        || matches!(
            bare.to_ascii_lowercase().as_str(),
            "set"
                | "average"
                | "avg"
                | "mean"
                | "best"
                | "final"
                | "total"
                | "results"
                | "metrics"
                | "summary"
                | "progress"
        )
}

/// Words that make a name no metric wherever they stand in it.
const NEVER_ANYWHERE: &[&str] = &[
    "time",
    "elapsed",
    "throughput",
    "eta",
    "duration",
    "remaining",
    "ms",
    "speed",
    "scale",
    "setting",
    "target",
    "threshold",
    "thresh",
    "best",
];

#[derive(Debug, Clone, Copy)]
enum Word {
    Step(u8),
    Metric,
    Never,
}

/// All words of the lists, for one lookup.
static WORDS: LazyLock<HashMap<&'static str, Word>> = LazyLock::new(|| {
    let steps = STEPS
        .iter()
        .enumerate()
        .map(|(rank, word)| (*word, Word::Step(rank as u8)));
    let metrics = METRICS.iter().map(|word| (*word, Word::Metric));
    let never = NEVER.iter().map(|word| (*word, Word::Never));
    metrics.chain(never).chain(steps).collect()
});

/// Bytes of the longest of them.
static LONGEST: LazyLock<usize> =
    LazyLock::new(|| WORDS.keys().map(|word| word.len()).max().unwrap_or(0));

/// Names that stand for epochs.
const EPOCHS: &[&str] = &[
    "epoch",
    "ep",
    "epoche",
    "época",
    "epoca",
    "époque",
    "эпоха",
    "エポック",
    "轮次",
    "轮",
];

/// Everything that a line must have one of to be a report: a metric's name or a counter's. Short names count only as
/// words of their own: `it` is part of half of all lines.
static SIGNALS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = METRICS
        .iter()
        .chain(METRIC_PARTS)
        .chain(STEPS)
        .chain(EPOCHS);
    let (long, short): (Vec<&str>, Vec<&str>) = words.partition(|word| word.len() > 3);
    let short: Vec<&str> = short.into_iter().filter(|word| *word != "it").collect();
    let pattern = format!(
        "{}|acc|norm|@|(?:^|[^a-z0-9])(?:it[ :=\\[]+[0-9]|(?:{})(?:[^a-z]|$))",
        long.join("|"),
        short.join("|")
    );
    RegexBuilder::new(&pattern)
        .case_insensitive(true)
        .unicode(false)
        .build()
        .ok()
});

/// Whether a text could name a metric or a counter. Says yes to much that does not.
pub fn signals(text: &str) -> bool {
    SIGNALS
        .as_ref()
        .is_none_or(|signals| signals.is_match(text.as_bytes()))
}

/// Most keys whose meaning is remembered, and their longest length.
const REMEMBERED: usize = 1000;
const REMEMBERED_LENGTH: usize = 80;

thread_local! {
    /// Programs print the same names again and again.
    static MEANINGS: RefCell<HashMap<String, Meaning>> = RefCell::default();
}

/// The meaning of a key as it is printed.
pub fn meaning(key: &str) -> Meaning {
    if key.len() > REMEMBERED_LENGTH {
        return find_meaning(key);
    }
    MEANINGS.with_borrow_mut(|known| {
        if let Some(meaning) = known.get(key) {
            return *meaning;
        }
        let meaning = find_meaning(key);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key.to_owned(), meaning);
        meaning
    })
}

fn find_meaning(key: &str) -> Meaning {
    // `f1-score (micro avg)`: what is in parentheses says more about the name before them.
    let bare = match super::scan::split_two(key, *b" (") {
        Some((name, rest)) if rest.ends_with(')') => name,
        _ => key,
    };
    let key = normal(bare);
    if FILES.iter().any(|ending| key.ends_with(ending)) {
        return Meaning::Never;
    }
    let mut components = key.rsplit('/');
    let name = components.next().unwrap_or(&key);
    // `loss/train/total` is a loss.
    let name = match name {
        "total" | "mean" | "avg" | "train" | "eval" | "val" => components
            .find(|part| matches!(WORDS.get(part), Some(Word::Metric)))
            .unwrap_or(name),
        _ => name,
    };
    let words = &*WORDS;
    if let Some(Word::Step(rank)) = words.get(name) {
        return Meaning::Step(*rank);
    }
    if EPOCHS.contains(&name) {
        return Meaning::Epoch;
    }
    if matches!(name, "batch" | "batch_idx" | "minibatch" | "t") {
        return Meaning::Batch;
    }
    // `elapsed time per iteration (ms)`, `throughput per GPU (TFLOP/s/GPU)`.
    if key
        .split(['_', '/', '(', ')'])
        .any(|word| NEVER_ANYWHERE.contains(&word))
    {
        return Meaning::Never;
    }
    // The name itself, and every end of it behind a separator.
    // Only ends that can be a word are looked up: else a line of numbers taken for a name costs its length squared.
    let ends = std::iter::once(0)
        .chain(
            name.match_indices(['_', '-', '.', '@'])
                .map(|(at, _)| at + 1),
        )
        .filter(|end| name.len() - end <= *LONGEST);
    let mut is_metric = false;
    if name == "s" {
        return Meaning::Never;
    }
    for end in ends {
        match words.get(&name[end..]) {
            Some(Word::Never) => return Meaning::Never,
            Some(Word::Metric) => is_metric = true,
            _ => {}
        }
    }
    let unit = ["_time", "_ms", "_s", "_cost", "_sec", "_seconds"];
    let metric = |word: &str| matches!(words.get(word), Some(Word::Metric));
    match unit.iter().find_map(|unit| name.strip_suffix(unit)) {
        // `bbox_mAP_s`: of small objects.
        Some(of) if metric(of.rsplit('_').next().unwrap_or(of)) => is_metric = true,
        Some(_) => return Meaning::Never,
        None if name.contains("/s") => return Meaning::Never,
        None => {}
    }
    // `norm` alone, or that of a gradient.
    is_metric |= name == "norm"
        || (name.ends_with("norm") && NORMED.iter().any(|of| key.contains(of)))
        || name.split(|c: char| !c.is_alphanumeric()).any(|word| {
            word.ends_with("acc")
                || word.starts_with("acc")
                    && !NOT_ACCURACY.iter().any(|other| word.starts_with(other))
        });
    let at_k = name.split_once('@').is_some_and(|(word, _)| {
        [
            "acc",
            "p",
            "r",
            "hit",
            "ndcg",
            "map",
            "recall",
            "precision",
            "top",
        ]
        .contains(&word)
    });
    if is_metric || at_k || METRIC_PARTS.iter().any(|part| name.contains(part)) {
        return Meaning::Metric;
    }
    Meaning::Unknown
}

fn normal(key: &str) -> String {
    key.trim()
        .chars()
        .map(|c| match c {
            ' ' => '_',
            c => c.to_ascii_lowercase(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_their_meaning() {
        for (key, expected) in [
            ("val_loss", Meaning::Metric),
            ("Acc@1", Meaning::Metric),
            ("train/grad_norm", Meaning::Metric),
            ("Average loss", Meaning::Metric),
            ("loss_scale", Meaning::Never),
            ("batch_time", Meaning::Never),
            ("elapsed_s", Meaning::Never),
            ("Seed", Meaning::Never),
            ("Epoch", Meaning::Epoch),
            ("global_step", Meaning::Step(0)),
            ("iter", Meaning::Step(7)),
            ("gnorm", Meaning::Metric),
            ("norm", Meaning::Metric),
            ("iou_norm", Meaning::Unknown),
            ("accumulate_grad_batches", Meaning::Unknown),
            ("f1-score (micro avg)", Meaning::Metric),
            ("coco/bbox_mAP_s", Meaning::Metric),
            ("src/loss.py", Meaning::Never),
            ("best_loss", Meaning::Never),
            ("loss/train/total", Meaning::Metric),
            ("time/total", Meaning::Never),
            ("vf_loss_coef", Meaning::Never),
            ("TrainAcc", Meaning::Metric),
            ("target_accuracy", Meaning::Never),
            ("lr", Meaning::Unknown),
            ("batch", Meaning::Batch),
        ] {
            assert_eq!(meaning(key), expected, "{key}");
        }
    }
}
