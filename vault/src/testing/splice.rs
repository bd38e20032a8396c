//! Inputs near a valid one, so that few random bytes get far: the first byte picks a base (or none), two more a place,
//! one how much of it goes, and the rest stands there instead.

pub fn splice(bases: &[&[u8]], input: &[u8]) -> Vec<u8> {
    let [which, high, low, cut, rest @ ..] = input else {
        return input.to_vec();
    };
    let Some(base) = bases.get(usize::from(*which) % (bases.len() + 1)) else {
        return rest.to_vec();
    };
    let at = usize::from(u16::from_be_bytes([*high, *low])) % (base.len() + 1);
    let after = (at + usize::from(*cut)).min(base.len());
    [&base[..at], rest, &base[after..]].concat()
}
