//! Promise 17, small guest: what the wrapper costs while the script works. Figures beside others are those of `benches/`.

use crate::common::{TestEnv, eventually, feed, read_until, start, wait};

#[test]
fn waiting_for_a_child_without_output_costs_nothing() {
    let env = TestEnv::new();
    let mut child = start(env.script(
        &["--silent", "--no-stats"],
        "exec >&- 2>&-; touch closed; sleep 1",
    ));
    assert!(eventually(|| env.path("closed").exists()));
    let ticks = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        let fields: Vec<&str> = stat[stat.rfind(')').unwrap()..].split(' ').collect();
        fields[12].parse::<u64>().unwrap() + fields[13].parse::<u64>().unwrap()
    };
    let before = ticks();
    std::thread::sleep(std::time::Duration::from_millis(700)); // What is measured is the time that passes.
    assert!(ticks() - before <= 5, "{} ticks", ticks() - before);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_script_that_logs_ten_rows_a_second_costs_little() {
    let env = TestEnv::new();
    let script = "i=0; while [ $i -lt 30 ]; do echo \"epoch=$i, loss=0.$i\"; i=$((i + 1)); sleep 0.1; done; read line";
    let mut child = start(env.script(&["--silent"], script));
    read_until(&mut child, "epoch=29");
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak: u64 = peak
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    feed(&mut child, "\n");
    assert_eq!(wait(child).code(), 0);
    // Without optimisation; the figures that are promised are those of `benches/`.
    assert!(peak < 40_000, "{peak} KiB");
    assert!(
        ticks < 100,
        "{ticks} hundredths of a second of CPU in three seconds"
    );
}
