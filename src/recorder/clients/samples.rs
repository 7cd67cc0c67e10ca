//! Samples of the machine for a run that no wrapper observes: those of the process that has opened it, and of all below.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use crate::inbox::{Inbox, Item};
use crate::store::RunDir;
use crate::sys::Clock;
use crate::system::gpu::Gpus;
use crate::system::stats::Sampler;
use crate::wire::sdk::{Settings, flag};

/// Time between two samples, unless the script wants another.
const INTERVAL: Duration = Duration::from_secs(15);
/// The shortest time between two samples.
const SHORTEST: Duration = Duration::from_millis(100);

/// Samples are taken as long as this lives.
pub(super) struct Samples(Arc<(Mutex<bool>, Condvar)>);

impl Samples {
    /// Begins to take samples; nothing if the script does not want them, or its process is not known.
    pub(super) fn start(
        process: i32,
        settings: &Settings,
        dir: &RunDir,
        clock: Clock,
        inbox: &Arc<Inbox>,
    ) -> Option<Self> {
        if flag(settings.x_disable_stats) || process <= 0 {
            return None;
        }
        let asked = settings.x_stats_sampling_interval.map(|time| time.value);
        let interval = asked
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .filter(|interval| !interval.is_zero())
            .map_or(INTERVAL, |interval| interval.max(SHORTEST));
        let stop = Arc::<(Mutex<bool>, Condvar)>::default();
        let samples = Self(Arc::clone(&stop));
        let (inbox, log) = (Arc::clone(inbox), dir.log_path().to_owned());
        let take = move || {
            let mut sampler = Sampler::new(Pid::from_raw(process), Gpus::load());
            let start = Instant::now();
            let mut next = Duration::ZERO;
            loop {
                let stats = sampler.sample(clock.now().unix_nanos);
                inbox.push(Item::Sample(log.clone(), stats), 4096);
                next += interval;
                let left = next.saturating_sub(start.elapsed());
                let stopped = stop.0.lock().unwrap_or_else(PoisonError::into_inner);
                let (stopped, _) = stop
                    .1
                    .wait_timeout_while(stopped, left, |stopped| !*stopped)
                    .unwrap_or_else(PoisonError::into_inner);
                if *stopped {
                    return;
                }
            }
        };
        // Without a thread the run has no samples.
        let thread = std::thread::Builder::new().name("samples".to_owned());
        thread.spawn(take).ok().map(|_| samples)
    }
}

impl Drop for Samples {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }
}
