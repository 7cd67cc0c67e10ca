//! Promise 17, small guest: what the wrapper costs while the script works. Figures beside others are those of `benches/`.

use crate::common::{TestEnv, eventually, start};

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
