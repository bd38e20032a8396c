//! Inputs without a fuzzer: random, from a seed, with bytes that mean something more often than others.

use rand::{Rng, SeedableRng, rngs::StdRng};

const TELLING: &[u8] = b"{}[]\":,.-+eE0123456789 \n\r\t\\\0^*`<>=#_abcdefu\xff\xc3\xa9\x7f\x80";

/// The `seed`-th input; the first four bytes steer `splice`.
pub(crate) fn input(seed: u64) -> Vec<u8> {
    let mut rng = StdRng::seed_from_u64(seed);
    let steering: [u8; 4] = rng.random();
    let length = rng.random_range(0..24);
    let rest = (0..length).map(|_| match rng.random_bool(0.7) {
        true => TELLING[rng.random_range(0..TELLING.len())],
        false => rng.random(),
    });
    // most changes are small
    let cut = if rng.random_bool(0.7) {
        steering[3] % 8
    } else {
        steering[3]
    };
    let mut input = vec![steering[0], steering[1], steering[2], cut];
    input.extend(rest);
    input
}
