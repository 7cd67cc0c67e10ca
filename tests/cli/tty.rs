//! At a terminal the child is at a terminal too: size, keys, Ctrl-C, Ctrl-Z and colours as without us.

use std::os::unix::process::ExitStatusExt as _;

use crate::common::terminal::Terminal;
use crate::common::{TestEnv, wait_status};

#[test]
fn the_child_is_at_a_terminal_of_the_same_size() {
    let env = TestEnv::new();
    let script = "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all terminals; stty size; printf 'name? '; read name; printf '\\033[31mhello %s\\033[0m\\n' \"$name\"; while [ \"$(stty size)\" = '30 100' ]; do sleep 0.02; done; stty size; exit 7";
    let mut terminal = Terminal::start(env.script(&["--silent"], script));
    terminal.expect("all terminals\r\n30 100\r\nname? ");
    terminal.resize(77);
    terminal.press("you\r");
    terminal.expect("\u{1b}[31mhello you\u{1b}[0m\r\n30 77\r\n");
    assert_eq!(wait_status(&mut terminal.child).code(), Some(7));
    let run = env.read_run();
    assert_eq!(
        run.console(1),
        "all terminals\n30 100\nname? you\n\u{1b}[31mhello you\u{1b}[0m\n30 77\n"
    );
}

#[test]
fn interrupts_escalate_and_the_terminal_is_given_back() {
    let env = TestEnv::new();
    let script =
        "trap 'echo int' INT; trap 'echo term' TERM; echo ready; while :; do sleep 0.02; done";
    let mut terminal = Terminal::start(env.script(&[], script));
    terminal.expect("ready");
    terminal.press("\u{3}");
    terminal.expect("int\r\n");
    terminal.expect("Press Ctrl-C again to terminate the script.\r\n");
    terminal.press("\u{3}");
    terminal.expect("term\r\n");
    terminal.press("\u{3}");
    terminal.expect("Run killed (SIGKILL) in");
    assert_eq!(wait_status(&mut terminal.child).signal(), Some(9));
}

#[test]
fn an_interrupted_script_ends_the_run() {
    let env = TestEnv::new();
    let mut terminal =
        Terminal::start(env.script(&[], "echo epoch=1, loss=0.5; while :; do sleep 0.02; done"));
    terminal.expect("loss=0.5");
    terminal.press("\u{3}");
    terminal.expect("Run interrupted (SIGINT) in");
    assert_eq!(wait_status(&mut terminal.child).signal(), Some(2));
    let run = env.read_run();
    assert_eq!(
        (run.exit_code(), run.rows()),
        (Some(255), vec!["0: epoch=1 loss=0.5".to_owned()])
    );
}

#[test]
fn it_can_be_suspended_and_continued_from_a_shell() {
    let env = TestEnv::new();
    let own = env!("CARGO_BIN_EXE_wandb-rs");
    let mut command = env.program("bash");
    command
        .args(["--norc", "--noediting", "-i"])
        .env("PS1", "$ ")
        .env("HISTFILE", "");
    let mut shell = Terminal::start(command);
    shell.expect("$ ");
    shell.press(&format!(
        "{own} run --silent -- sh -c 'echo ready; read x; echo got $x; exit 5'\r"
    ));
    shell.expect("ready\r\n");
    shell.press("\u{1a}");
    shell.expect("Stopped");
    shell.press("echo in the $((20 + 2))nd shell; stty -a | tr ' ;' '\\n' | grep -x -e icanon -e echo; fg\r");
    shell.expect("in the 22nd shell\r\nicanon\r\necho\r\n");
    shell.press("word\r");
    shell.expect("got word\r\n$ ");
    shell.press("echo code $?; exit\r");
    shell.expect("code 5\r\n");
    wait_status(&mut shell.child);
}

#[test]
fn colours_and_the_block_fit_a_narrow_terminal() {
    let mut env = TestEnv::new();
    let script = "i=0; while [ $i -lt 200 ]; do echo epoch=$i, loss=0.$i; i=$((i + 1)); done";
    let mut terminal = Terminal::start(env.script(&[], script));
    terminal.resize(30);
    assert!(wait_status(&mut terminal.child).success());
    terminal.expect("Find logs at: ");
    let screen = terminal.screen();
    assert!(
        screen.contains("\u{1b}[34m\u{1b}[1mwandb\u{1b}[0m: "),
        "{screen}"
    );
    let bars = screen.lines().find(|line| line.contains('▁')).unwrap();
    assert!(
        bars.chars().filter(|c| ('▁'..='█').contains(c)).count() <= 18,
        "{bars}"
    );
    env.set("NO_COLOR", "1");
    let mut terminal = Terminal::start(env.script(&[], "echo loss=0.5"));
    assert!(wait_status(&mut terminal.child).success());
    terminal.expect("Find logs at: ");
    assert!(
        !terminal.screen().contains('\u{1b}'),
        "{}",
        terminal.screen()
    );
}
