//! Readings from `/proc` and `/sys`.

use std::fs;

use nix::unistd::Pid;

/// What `/proc/<pid>/stat` tells about one process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProcessStat {
    /// User and system time in clock ticks.
    pub ticks: u64,
    pub threads: u64,
    /// Resident memory in pages.
    pub pages: u64,
}

/// Reads one process; `None` when it has gone.
pub fn process(pid: Pid) -> Option<ProcessStat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(text: &str) -> Option<ProcessStat> {
    // The name stands in parentheses and may contain anything.
    let fields: Vec<&str> = text[text.rfind(')')? + 1..].split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some(ProcessStat {
        ticks: field(14)? + field(15)?,
        threads: field(20)?,
        pages: field(24)?,
    })
}

/// A member of `/proc/meminfo` in bytes.
pub fn meminfo(name: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some(kib * 1024)
}

/// Memory limit and use of the process's own cgroup (version 2) in bytes, if it has a limit.
pub fn cgroup_memory(pid: Pid) -> Option<(u64, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let path = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    let directory = format!("/sys/fs/cgroup{path}");
    let read = |name: &str| {
        fs::read_to_string(format!("{directory}/{name}"))
            .ok()?
            .trim()
            .parse()
            .ok()
    };
    Some((read("memory.max")?, read("memory.current")?))
}

/// Bytes sent and received over all interfaces but loopback and members of a bond.
pub fn network() -> Option<(u64, u64)> {
    let mut sums = (0, 0);
    for interface in fs::read_dir("/sys/class/net").ok()?.flatten() {
        let path = interface.path();
        if interface.file_name().to_string_lossy().starts_with("lo") || path.join("master").exists()
        {
            continue;
        }
        let read = |name: &str| -> u64 {
            let text = fs::read_to_string(path.join("statistics").join(name)).unwrap_or_default();
            text.trim().parse().unwrap_or(0)
        };
        sums.0 += read("tx_bytes");
        sums.1 += read("rx_bytes");
    }
    Some(sums)
}

/// Segments that TCP sent again.
pub fn tcp_retransmits() -> Option<u64> {
    let text = fs::read_to_string("/proc/net/snmp").ok()?;
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("Tcp:"));
    let (names, values) = (lines.next()?, lines.next()?);
    let at = names
        .split_whitespace()
        .position(|name| name == "RetransSegs")?;
    values.split_whitespace().nth(at)?.parse().ok()
}

/// The block device that holds `/`, like `vda1`.
pub fn root_device() -> Option<String> {
    let text = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let numbers = text.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        (fields.get(4) == Some(&"/")).then(|| fields.get(2).map(|n| (*n).to_owned()))?
    })?;
    let (major, minor) = numbers.split_once(':')?;
    let disks = fs::read_to_string("/proc/diskstats").ok()?;
    disks.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        (fields.first() == Some(&major) && fields.get(1) == Some(&minor))
            .then(|| fields.get(2).map(|n| (*n).to_owned()))?
    })
}

/// Bytes read from and written to a block device.
pub fn disk_io(device: &str) -> Option<(u64, u64)> {
    let disks = fs::read_to_string("/proc/diskstats").ok()?;
    disks.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if fields.get(2) != Some(&device) {
            return None;
        }
        let sectors = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some((sectors(5)? * 512, sectors(9)? * 512))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_parentheses_do_not_confuse() {
        let text = "42 (a) b (c)) S 1 42 42 0 -1 4194304 100 0 0 0 7 5 0 0 20 0 3 0 100 1000 250 18446744073709551615";
        assert_eq!(
            parse_stat(text),
            Some(ProcessStat {
                ticks: 12,
                threads: 3,
                pages: 250
            })
        );
        assert_eq!(parse_stat("42 (x) S"), None);
        assert_eq!(parse_stat(""), None);
    }

    #[test]
    fn this_process_can_be_read() {
        let stat = process(nix::unistd::getpid()).unwrap();
        assert!(stat.threads >= 1 && stat.pages > 100);
        assert!(meminfo("MemTotal").unwrap() > meminfo("MemAvailable").unwrap());
        assert_eq!(meminfo("Nothing"), None);
        assert!(network().is_some());
    }
}
