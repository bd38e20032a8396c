//! Inputs without a fuzzer: random, from a seed, with bytes that mean something more often than others.

use rand::{Rng, SeedableRng, rngs::StdRng};

const TELLING: &[u8] = b"{}[]\":,.-+eE0123456789 \n\r\t\\\0^*`<>=#_abcdefu\xff\xc3\xa9\x7f\x80";

/// The `seed`-th input; the first four bytes steer `splice`.
pub fn input(seed: u64) -> Vec<u8> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut input: Vec<u8> = (0..4).map(|_| rng.random()).collect();
    // most changes are small
    if rng.random_bool(0.7) {
        input[3] %= 8;
    }
    for _ in 0..rng.random_range(0..24) {
        let telling = rng.random_bool(0.7);
        input.push(if telling {
            TELLING[rng.random_range(0..TELLING.len())]
        } else {
            rng.random()
        });
    }
    input
}
