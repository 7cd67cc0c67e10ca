//! `output.log` has the lines that the official client makes of the same console text, however nasty.
//!
//! The pieces are written one by one: the next one when the one before has come through, so that the order of the
//! two streams is the same on both sides.

use std::fs;
use std::io::Read as _;
use std::process::Child;

use wandb_rs::run::Stream;
use wandb_rs::term::ConsoleLog;

use crate::common::{self, TestEnv, eventually, peers};

/// Writes the pieces of each case under the official client; prints where it recorded them.
const OFFICIAL: &str = r#"
import json, sys, wandb
settings = wandb.Settings(mode="offline", silent=True, x_disable_stats=True, x_disable_machine_info=True,
                          x_save_requirements=False, disable_git=True, console="wrap_raw")
directories = []
for pieces in json.load(open("cases.json")):
    run = wandb.init(project="p", settings=settings)
    for stream, text in pieces:
        (sys.stdout if stream == "S" else sys.stderr).write(text)
    directories.append(run.dir)
    run.finish()
json.dump(directories, open("directories.json", "w"))
"#;

/// Writes the pieces of one case, each when it is told to.
const OURS: &str = r#"
import json, sys
for stream, text in json.load(open("cases.json"))[int(sys.argv[1])]:
    sys.stdin.readline()
    file = sys.stdout if stream == "S" else sys.stderr
    file.write(text)
    file.flush()
"#;

type Piece = (char, String);

/// Pieces of stdout (`S`) and stderr (`E`).
fn pieces<'a>(pieces: impl IntoIterator<Item = (char, &'a str)>) -> Vec<Piece> {
    let own = |(stream, text): (char, &str)| (stream, text.to_owned());
    pieces.into_iter().map(own).collect()
}

fn nasty() -> Vec<Vec<Piece>> {
    let mut cases = vec![
        // Many line feeds at once scroll the view: no more than 31 blank lines come of them.
        pieces([('S', &*format!("a{}b\n", "\n".repeat(40)))]),
        // Blanks at the end of a line, and what brings them back.
        pieces([
            ('S', "abc   \n"),
            ('S', "   \n"),
            ('S', "abc  \rX\n"),
            ('S', "x\x1b[K \n"),
            ('S', "ab  \rab  c \r    \n"),
            ('S', "end  "),
        ]),
        // A sequence in three pieces with the other stream between them, and one without an end.
        pieces([
            ('S', "one\ntwo\n"),
            ('S', "\x1b"),
            ('E', "E1"),
            ('S', "["),
            ('S', "A"),
            ('S', "TW\x1b[Bdown\x1b[A\x1b[A\x1b[A\x1b[Atop"),
            ('E', " E2\n"),
            ('S', "\ntail\x1b["),
        ]),
        // All other sequences and control characters are text.
        pieces([
            (
                'S',
                "w\x1b[\rv\n\x1b[1A\x1b[2K\x1b[31mred\x1b[0m\tT\x08B\x07\n",
            ),
            (
                'S',
                "\x1b]0;title\x07\x1b[?25l\x1b\x1b[A\x1b[10;5Hy\x0b\x0c\x7f\n",
            ),
            ('S', "last\r\n"),
        ]),
        // Lines end at 4096 characters; the cursor goes on.
        pieces([
            ('S', &*format!("{}XYZ\rab\x1b[Bc\n", "L".repeat(4096))),
            ('S', &*format!("{}\x1b[Ahello\n", "p".repeat(4097))),
            ('S', &*format!("{}é\n", "漢".repeat(4095))),
        ]),
        pieces([
            ('S', "\n\n\n"),
            ('S', "x\n"),
            ('E', "\n\ne\n"),
            ('S', "\x1b[B\x1b[By\n"),
            ('S', "é漢👍z\rAB\n"),
            ('S', "e\u{301}\u{200d}👩\u{200d}💻\r\u{feff}-\n"),
            ('S', "  "),
        ]),
        pieces([
            ('S', "a\n\n\n\n\n\nb"),
            ('E', "E"),
            ('S', "\x1b[A\x1b[Amid\n"),
        ]),
        // A bar that is redrawn, inside another one, with messages between.
        pieces((0..40).flat_map(|i| {
            [
                ('E', "\r 10%|#         |"),
                ('E', "\n\r 50%|#####     |\x1b[A"),
                ('S', if i % 7 == 0 { "note\n" } else { "" }),
                ('E', "\r100%|##########| 3.2it/s"),
            ]
        })),
    ];
    // Lines that have left the last 32 are final, though the cursor can still go there.
    let mut old: Vec<Piece> = (0..31).map(|i| ('S', format!("o{i}\n"))).collect();
    old.extend(pieces([
        ('S', "cur"),
        ('E', "e0\ne1\n"),
        (
            'S',
            &*format!(
                "{}\rMOD-TOP\x1b[B\rMOD-1\x1b[B\rMOD-2\n",
                "\x1b[A".repeat(40)
            ),
        ),
    ]));
    cases.push(old);
    cases.extend((1..=12).map(random));
    cases
}

/// Text of a small alphabet in which everything meets everything.
fn random(seed: u64) -> Vec<Piece> {
    const ALPHABET: [&str; 16] = [
        "a",
        "bc",
        "Word ",
        "  ",
        "\r",
        "\r",
        "\n",
        "\n",
        "\r\n",
        "\n\n\n",
        "\x1b[A",
        "\x1b[A",
        "\x1b[B",
        "é漢",
        "\x1b[0m",
        "|####    |",
    ];
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut draw = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % n
    };
    let mut piece = |_| {
        let stream = if draw(4) == 0 { 'E' } else { 'S' };
        let text = (0..=draw(6)).map(|_| ALPHABET[draw(ALPHABET.len())]);
        (stream, text.collect())
    };
    (0..80).map(&mut piece).collect()
}

#[test]
fn output_log_is_that_of_the_official_client() {
    let Some(bin) = peers::bin() else { return };
    let env = TestEnv::new();
    let cases = nasty();
    let json: Vec<Vec<(char, &str)>> = cases
        .iter()
        .map(|case| {
            // An empty piece cannot be waited for.
            let filled = case.iter().filter(|(_, text)| !text.is_empty());
            filled.map(|(s, text)| (*s, text.as_str())).collect()
        })
        .collect();
    env.write("cases.json", &serde_json::to_string(&json).unwrap());
    env.write("official.py", OFFICIAL);
    env.write("ours.py", OURS);
    let python = bin.join("python3").display().to_string();
    let mut command = env.program(&python);
    let done = common::finish({
        command.arg("official.py").env("WANDB_DIR", env.path(""));
        command
    });
    assert_eq!(done.code(), 0, "{done:?}");
    let directories = fs::read_to_string(env.path("directories.json")).unwrap();
    let directories: Vec<String> = serde_json::from_str(&directories).unwrap();

    for (i, (case, official)) in json.iter().zip(directories).enumerate() {
        let number = i.to_string();
        let mut child = common::start(env.wandb_rs([
            "run",
            "--silent",
            "--no-stats",
            "--no-parse",
            "--",
            &python,
            "ours.py",
            &number,
        ]));
        for (stream, text) in case {
            common::feed(&mut child, "\n");
            let mut passed = vec![0; text.len()];
            let read = match stream {
                'S' => child.stdout.as_mut().unwrap().read_exact(&mut passed),
                _ => child.stderr.as_mut().unwrap().read_exact(&mut passed),
            };
            read.unwrap();
            assert!(eventually(|| is_taken(&child)));
            assert_eq!(String::from_utf8(passed).unwrap(), *text);
        }
        assert_eq!(common::wait(child).code(), 0);
        let theirs = fs::read_to_string(format!("{official}/output.log")).unwrap();
        let mut console = ConsoleLog::default();
        for (stream, text) in case {
            let stream = if *stream == 'S' {
                Stream::Stdout
            } else {
                Stream::Stderr
            };
            console.write(stream, text);
        }
        let told = format!("case {i}: {case:?}");
        assert_eq!(theirs, console.text(), "{told}");
        // We record what a rewritten line shows in the end, not each of its states. The official rules store blanks
        // at the end of a line only if something in that line changed after them, so these may differ.
        let ours = env.read_run().file("output.log");
        assert_eq!(trimmed(&theirs), trimmed(&ours), "{told}");
    }
}

/// Whether all that was passed on has also been taken: the threads that read the child wait for more.
fn is_taken(wrapper: &Child) -> bool {
    let tasks = fs::read_dir(format!("/proc/{}/task", wrapper.id())).unwrap();
    tasks.flatten().all(|task| {
        let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        !stat.contains("(capture)") || stat.contains("(capture) S")
    })
}

/// Lines without the blanks at their ends.
fn trimmed(text: &str) -> Vec<&str> {
    text.split('\n')
        .map(|line| line.trim_end_matches(' '))
        .collect()
}
