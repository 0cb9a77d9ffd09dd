//! The cells of a terminal out of the bytes that a program writes: as much of ECMA-48 and xterm as `lb top` uses.

/// A character each, row by row.
type Cells = Vec<Vec<char>>;

/// What stands where, and in which mode the terminal is.
#[derive(Debug)]
pub(crate) struct Screen {
    cells: Cells,
    /// Row and column, from 0.
    cursor: (usize, usize),
    /// While the second screen is shown: the cells and the cursor of the first.
    aside: Option<(Cells, (usize, usize))>,
    is_cursor_hidden: bool,
    /// A colour was asked for at least once.
    has_colour: bool,
    /// What has come and isn't complete yet.
    unread: Vec<u8>,
}

impl Screen {
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        let cells = empty(columns, rows);
        Self { cells, cursor: (0, 0), aside: None, is_cursor_hidden: false, has_colour: false, unread: Vec::new() }
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.cells = empty(columns, rows);
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.cells.iter().map(|row| row.iter().collect::<String>().trim_end().to_owned()).collect()
    }

    /// The first screen, with its cursor.
    pub(crate) fn is_plain(&self) -> bool {
        self.aside.is_none() && !self.is_cursor_hidden
    }

    pub(crate) fn has_colour(&self) -> bool {
        self.has_colour
    }

    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        while let Some(taken) = self.step() {
            self.unread.drain(..taken);
        }
    }

    /// One character or sequence; how many bytes it was, or `None`: more must come.
    fn step(&mut self) -> Option<usize> {
        match *self.unread.first()? {
            0x1b if *self.unread.get(1)? == b'[' => {
                let end = 2 + self.unread[2..].iter().position(|byte| (0x40..=0x7e).contains(byte))?;
                let words = String::from_utf8_lossy(&self.unread[2..end]).into_owned();
                self.control(&words, self.unread[end]);
                Some(end + 1)
            }
            0x1b => Some(2),
            b'\r' => self.at(self.cursor.0, 0),
            b'\n' => {
                self.feed_line();
                Some(1)
            }
            0..0x20 => Some(1),
            first => {
                let length = match first {
                    0xf0.. => 4,
                    0xe0.. => 3,
                    0xc0.. => 2,
                    _ => 1,
                };
                let text = std::str::from_utf8(self.unread.get(..length)?).expect("lb writes UTF-8").to_owned();
                self.put(text.chars().next()?);
                Some(length)
            }
        }
    }

    fn put(&mut self, c: char) {
        let (row, column) = self.cursor;
        if let Some(cell) = self.cells.get_mut(row).and_then(|row| row.get_mut(column)) {
            *cell = c;
        }
        self.cursor.1 += 1;
    }

    fn at(&mut self, row: usize, column: usize) -> Option<usize> {
        self.cursor = (row, column);
        Some(1)
    }

    /// At the bottom everything goes up.
    fn feed_line(&mut self) {
        if self.cursor.0 + 1 < self.cells.len() {
            self.cursor.0 += 1;
        } else {
            self.cells.rotate_left(1);
            if let Some(last) = self.cells.last_mut() {
                last.fill(' ');
            }
        }
    }

    fn control(&mut self, words: &str, last: u8) {
        match (words, last) {
            ("?1049", b'h') if self.aside.is_none() => {
                let columns = self.cells.first().map_or(0, Vec::len);
                let second = vec![vec![' '; columns]; self.cells.len()];
                self.aside = Some((std::mem::replace(&mut self.cells, second), self.cursor));
            }
            ("?1049", b'l') => {
                if let Some(first) = self.aside.take() {
                    (self.cells, self.cursor) = first;
                }
            }
            ("?25", b'l') => self.is_cursor_hidden = true,
            ("?25", b'h') => self.is_cursor_hidden = false,
            ("2", b'J') => self.cells.iter_mut().for_each(|row| row.fill(' ')),
            (_, b'H') => {
                let mut numbers = words.split(';').map(|number| number.parse::<usize>().unwrap_or(1).saturating_sub(1));
                self.cursor = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
            }
            // 30 to 38 and 90 to 97 are colours of the text, the same and ten more of what is behind; 39 and 49 are none.
            (_, b'm') => {
                self.has_colour |= words
                    .split(';')
                    .any(|word| matches!(word.parse::<u8>(), Ok(30..=38 | 40..=48 | 90..=97 | 100..=107)))
            }
            _ => {}
        }
    }
}

fn empty(columns: u16, rows: u16) -> Cells {
    vec![vec![' '; columns.into()]; rows.into()]
}
