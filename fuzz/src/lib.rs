//! What the fuzz targets share: how an input says where it is split.
//!
//! A reader of a stream must come to the same end however the stream is cut into reads. A target hands the pieces of
//! [`Pieces`] to its reader and compares with what the same bytes give in one piece. Targets are in `targets/`, one file
//! each; their first inputs in `seeds/`. `just fuzz-smoke` runs all of them for seconds, `just fuzz SECONDS` for as
//! long as one likes.

/// Bytes, and where they are cut.
#[derive(Debug)]
pub struct Pieces<'a> {
    bytes: &'a [u8],
    cuts: &'a [u8],
}

impl<'a> Pieces<'a> {
    /// The first byte says how many of those behind it are lengths of pieces; the rest is what the reader gets. What no
    /// length covers is cut by the same lengths again.
    pub fn of(input: &'a [u8]) -> Option<Self> {
        let (&count, rest) = input.split_first()?;
        let (cuts, bytes) = rest.split_at_checked(usize::from(count % (CUTS_MAX + 1)))?;
        Some(Self { bytes, cuts })
    }

    /// All of it.
    pub fn whole(&self) -> &'a [u8] {
        self.bytes
    }

    /// What has been received after each read: ever longer prefixes, the whole at last.
    pub fn prefixes(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut lengths = self.cuts.iter().cycle();
        let mut end = 0;
        std::iter::from_fn(move || {
            if end == self.bytes.len() {
                return None;
            }
            // Every read brings something, and a stream without cuts comes in one piece.
            let length = lengths.next().map_or(self.bytes.len(), |&length| usize::from(length).max(1));
            end = (end + length).min(self.bytes.len());
            Some(&self.bytes[..end])
        })
    }
}

/// Lengths that an input may bring; more only repeat what these can do.
const CUTS_MAX: u8 = 15;
