//! MD5-crypt: `$apr1$` of Apache's `htpasswd`, `$1$` of old systems.

use md5::{Digest as _, Md5};

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How often the digest is digested again.
const ROUNDS: usize = 1000;

/// The 22 characters behind `MAGIC SALT $`. `magic` is `$1$` or `$apr1$`; of the salt at most eight
/// bytes count.
pub(super) fn md5_crypt(password: &[u8], magic: &[u8], salt: &[u8]) -> [u8; 22] {
    let salt = &salt[..salt.len().min(8)];
    let inner = Md5::new().chain_update(password).chain_update(salt).chain_update(password);
    let inner = inner.finalize();
    let mut hash = Md5::new().chain_update(password).chain_update(magic).chain_update(salt);
    for at in (0..password.len()).step_by(16) {
        hash.update(&inner[..(password.len() - at).min(16)]);
    }
    let mut bits = password.len();
    while bits > 0 {
        match bits & 1 {
            1 => hash.update([0]),
            _ => hash.update(&password[..1]),
        }
        bits >>= 1;
    }
    let mut digest = hash.finalize();
    for round in 0..ROUNDS {
        digest = again(round, password, salt, &digest);
    }
    encoded(&digest)
}

fn again(round: usize, password: &[u8], salt: &[u8], digest: &[u8]) -> md5::digest::Output<Md5> {
    let odd = round % 2 == 1;
    let mut hash = Md5::new();
    hash.update(if odd { password } else { digest });
    if !round.is_multiple_of(3) {
        hash.update(salt);
    }
    if !round.is_multiple_of(7) {
        hash.update(password);
    }
    hash.update(if odd { digest } else { password });
    hash.finalize()
}

/// The digest in the order and alphabet of crypt(3).
fn encoded(digest: &[u8]) -> [u8; 22] {
    const GROUPS: [[usize; 3]; 5] = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];
    let mut out = [0; 22];
    let byte = |at: usize| u32::from(digest.get(at).copied().unwrap_or(0));
    let words = GROUPS.iter().map(|[a, b, c]| byte(*a) << 16 | byte(*b) << 8 | byte(*c));
    for (place, word) in out.chunks_mut(4).zip(words.chain([byte(11)])) {
        for (at, out) in place.iter_mut().enumerate() {
            *out = ALPHABET[(word >> (6 * at) & 63) as usize];
        }
    }
    out
}
