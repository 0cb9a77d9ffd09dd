//! Bytes that say whose they are: a stream's key and a byte's place give the byte, so that one which is lost, doubled or
//! another connection's is told at once, and neither side has to keep what it sent. Pure.

/// Eight bytes come of one number.
const WORD: u64 = 8;

/// One direction of one connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tagged {
    key: u64,
}

impl Tagged {
    /// Equal keys give equal bytes.
    pub(super) fn of(key: u64) -> Self {
        Self { key }
    }

    /// Writes the bytes from place `at` on.
    pub(super) fn fill(self, at: u64, bytes: &mut [u8]) {
        self.by_words(at, bytes.len(), |place, word| {
            bytes[place..place + word.len()].copy_from_slice(word);
            true
        });
    }

    /// The first of `bytes` that isn't the one of its place; `at` is the place of the first.
    pub(super) fn first_wrong(self, at: u64, bytes: &[u8]) -> Option<usize> {
        let mut wrong = None;
        self.by_words(at, bytes.len(), |place, word| {
            let got = &bytes[place..place + word.len()];
            if got != word {
                wrong = got.iter().zip(word).position(|(got, right)| got != right).map(|within| place + within);
            }
            wrong.is_none()
        });
        wrong
    }

    /// Gives the bytes from place `at` on in words, the first and the last of them cut, until `take` has had enough.
    fn by_words(self, at: u64, length: usize, mut take: impl FnMut(usize, &[u8]) -> bool) {
        let mut done = 0;
        while done < length {
            let place = at + done as u64;
            let skipped = (place % WORD) as usize;
            let word = self.word(place / WORD).to_le_bytes();
            let count = (WORD as usize - skipped).min(length - done);
            if !take(done, &word[skipped..skipped + count]) {
                return;
            }
            done += count;
        }
    }

    /// splitmix64: any two numbers far apart.
    fn word(self, index: u64) -> u64 {
        let mut word = self.key.wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }
}

#[cfg(test)]
mod tests;
