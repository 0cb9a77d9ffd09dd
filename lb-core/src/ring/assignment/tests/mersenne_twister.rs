//! Python's `random.Random(seed).randint`: MT19937 (Matsumoto and Nishimura 1998) seeded by `init_by_array`, and the
//! rejection of what is too large. Only here because the test vectors were drawn with it.

const N: usize = 624;
const M: usize = 397;

pub(super) struct MersenneTwister {
    state: [u32; N],
    next: usize,
}

impl MersenneTwister {
    /// As `random.Random(seed)` for a seed of one 32-bit word.
    pub(super) fn seeded(seed: u32) -> Self {
        let mut state = linear_state(19_650_218);
        let mut i = 1;
        let mut fill = |i: &mut usize, factor: u32, addend: &dyn Fn(u32) -> u32| {
            state[*i] = (state[*i] ^ spread(state[*i - 1]).wrapping_mul(factor)).wrapping_add(addend(*i as u32));
            *i += 1;
            if *i == N {
                state[0] = state[N - 1];
                *i = 1;
            }
        };
        // The key has one word, so what `init_by_array` calls key[j] + j is the seed throughout.
        (0..N).for_each(|_| fill(&mut i, 1_664_525, &|_| seed));
        (1..N).for_each(|_| fill(&mut i, 1_566_083_941, &u32::wrapping_neg));
        state[0] = 0x8000_0000;
        Self { state, next: N }
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn randint(&mut self, low: u32, high: u32) -> u32 {
        let width = high - low + 1;
        let bits = u32::BITS - width.leading_zeros();
        loop {
            let drawn = self.draw() >> (u32::BITS - bits);
            if drawn < width {
                return low + drawn;
            }
        }
    }

    fn draw(&mut self) -> u32 {
        if self.next == N {
            self.twist();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn twist(&mut self) {
        for k in 0..N {
            let y = (self.state[k] & 0x8000_0000) | (self.state[(k + 1) % N] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[k] = self.state[(k + M) % N] ^ (y >> 1) ^ odd;
        }
        self.next = 0;
    }
}

fn linear_state(seed: u32) -> [u32; N] {
    let mut state = [seed; N];
    for i in 1..N {
        state[i] = spread(state[i - 1]).wrapping_mul(1_812_433_253).wrapping_add(i as u32);
    }
    state
}

fn spread(word: u32) -> u32 {
    word ^ (word >> 30)
}

#[test]
fn the_first_numbers_are_those_of_python() {
    // python3 -c 'import random; r = random.Random(42); print([r.randint(100000, 999999) for _ in range(5)])'
    let mut random = MersenneTwister::seeded(42);
    assert_eq!([(); 5].map(|()| random.randint(100_000, 999_999)), [770_487, 216_739, 126_225, 877_572, 388_389]);
}
