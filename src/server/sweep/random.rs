//! Values by chance, the same ones for the same seed.

use super::config::SweepConfig;
use crate::wire::json::Value;

/// A small generator of random numbers (`SplitMix64`, by Steele, Lea and Flood). Not for secrets.
#[derive(Debug, Clone)]
pub(super) struct Generator(u64);

impl Generator {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number between 0 and 1, 1 not included.
    pub(super) fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A value for each parameter.
pub(super) fn next(config: &SweepConfig, generator: &mut Generator) -> Vec<Value> {
    let parameters = config.parameters.iter();
    parameters
        .map(|parameter| parameter.distribution.quantile(generator.part()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        let mut generator = Generator::new(1_234_567);
        let numbers = [(); 3].map(|()| generator.next());
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
        assert!((0..1000).all(|_| (0.0..1.0).contains(&generator.part())));
    }
}
