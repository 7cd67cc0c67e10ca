//! What users can rely on: one module for each promise, of the same name.
//!
//! `WANDB_RS_ROUNDS=500 cargo test promises` repeats what is random or kills so many times; without it a few rounds are
//! run with every commit. Random tests print their seed, and `WANDB_RS_SEED` begins with it.

mod a_failed_fsync_is_final;
mod any_version;
mod children_that_misbehave;
mod clocks_may_jump;
mod crash_at_every_write;
mod disk_full_is_survivable;
mod every_acknowledged_byte_reaches_the_server;
mod faults;
mod hostile_socket_clients;
mod hostile_stdout;
mod permissions;
mod secrets_stay_out;
mod small_guest;
mod sync_is_resumable_and_single;
mod torn_or_rotten_data_costs_only_itself;
mod tracking_never_breaks_training;
mod transparent;
mod what_was_seen_is_kept;

/// How many rounds a random test has: `usual`, unless the nightly asks for more.
fn rounds(usual: u64) -> u64 {
    crate::common::uploads::rounds("WANDB_RS_ROUNDS", usual)
}

/// The first seed of a random test.
fn seed() -> u64 {
    crate::common::uploads::rounds("WANDB_RS_SEED", 0)
}

/// Numbers that look random and follow from the seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// A place in something of this length.
    fn place(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }
}
