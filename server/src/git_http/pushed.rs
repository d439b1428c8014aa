//! What a push does to branches and tags: what is asked for, from what goes into `git`, and what was done, from what it says. Neither
//! changes what passes through.

/// How long the commands of a push may be, in bytes: some ten thousand branches.
const LONGEST: usize = 2 << 20;

/// A branch or a tag that a push moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Move {
    /// `refs/heads/main`
    pub(super) name: String,
    /// The commit before; `None` where it was not there.
    pub(super) before: Option<String>,
    /// The commit after; `None` where it is gone.
    pub(super) after: Option<String>,
}

/// Git's frames, taken out of bytes as they come.
#[derive(Default)]
struct Frames {
    held: Vec<u8>,
}

enum Frame {
    Line(Vec<u8>),
    /// The end of a part.
    Flush,
    /// More bytes are needed.
    Part,
    /// These are no frames.
    Broken,
}

impl Frames {
    fn next(&mut self) -> Frame {
        let Some(head) = self.held.get(..4) else { return Frame::Part };
        let size = std::str::from_utf8(head).ok().and_then(|head| usize::from_str_radix(head, 16).ok());
        match size {
            Some(0) => {
                self.held.drain(..4);
                Frame::Flush
            }
            Some(size) if size >= 4 => {
                if self.held.len() < size {
                    return Frame::Part;
                }
                Frame::Line(self.held.drain(..size).skip(4).collect())
            }
            _ => Frame::Broken,
        }
    }
}

/// What a push asks for: the first part of what goes in.
#[derive(Default)]
pub(super) struct Asked {
    frames: Frames,
    taken: usize,
    has_report: bool,
    moves: Vec<Move>,
}

/// How far reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// More is to come.
    Part,
    /// All that is asked for is known.
    Whole,
    /// This cannot be read, or `git` would not say what it did of it.
    Wrong,
}

impl Asked {
    /// Reads on.
    pub(super) fn read(&mut self, part: &[u8]) -> Reading {
        self.taken += part.len().min(LONGEST);
        self.frames.held.extend_from_slice(part);
        loop {
            match self.frames.next() {
                Frame::Line(line) => {
                    if !self.command(&line) {
                        return Reading::Wrong;
                    }
                }
                Frame::Flush => {
                    self.frames.held = Vec::new();
                    // Every program that pushes asks for the report.
                    return if self.moves.is_empty() || self.has_report { Reading::Whole } else { Reading::Wrong };
                }
                Frame::Part if self.taken > LONGEST => return Reading::Wrong,
                Frame::Part => return Reading::Part,
                Frame::Broken => return Reading::Wrong,
            }
        }
    }

    fn command(&mut self, line: &[u8]) -> bool {
        let (line, words) = match line.iter().position(|&byte| byte == 0) {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &[][..]),
        };
        let words = String::from_utf8_lossy(words);
        self.has_report |= words.split_whitespace().any(|word| word.starts_with("report-status"));
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches('\n');
        if line.starts_with("shallow ") {
            return true;
        }
        let mut parts = line.splitn(3, ' ');
        let (Some(before), Some(after), Some(name)) = (parts.next(), parts.next(), parts.next()) else { return false };
        let commit = |id: &str| Some(id.to_owned()).filter(|id| id.bytes().any(|byte| byte != b'0'));
        self.moves.push(Move { name: name.to_owned(), before: commit(before), after: commit(after) });
        true
    }
}

/// What `git` says that it did.
#[derive(Default)]
pub(super) struct Report {
    frames: Frames,
    /// The report comes in frames of its own, inside those of its channel.
    inner: Frames,
    done: std::collections::HashSet<String>,
}

impl Report {
    /// Reads on.
    pub(super) fn read(&mut self, part: &[u8]) {
        self.frames.held.extend_from_slice(part);
        loop {
            match self.frames.next() {
                Frame::Line(line) => match line.split_first() {
                    Some((1, more)) => self.inner.held.extend_from_slice(more),
                    // Progress, and what went wrong.
                    Some((2 | 3, _)) | None => {}
                    Some(_) => self.line(&line),
                },
                Frame::Flush => {}
                Frame::Part => break,
                Frame::Broken => {
                    self.frames.held = Vec::new();
                    break;
                }
            }
        }
        while let Frame::Line(line) = self.inner.next() {
            self.line(&line);
        }
    }

    fn line(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        if let Some(name) = line.trim_end_matches('\n').strip_prefix("ok ") {
            self.done.insert(name.to_owned());
        }
    }

    /// What was done of what was asked for.
    pub(super) fn done(&self, asked: Asked) -> Vec<Move> {
        let done = asked.moves.into_iter().filter(|moved| self.done.contains(&moved.name));
        done.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(payload: &[u8]) -> Vec<u8> {
        [format!("{:04x}", payload.len() + 4).as_bytes(), payload].concat()
    }

    fn command(before: char, after: char, name: &str) -> String {
        let id = |digit: char| digit.to_string().repeat(40);
        format!("{} {} {name}", id(before), id(after))
    }

    #[test]
    fn what_a_push_asks_for_is_read_however_it_is_cut() {
        let first = format!("{}\0 report-status side-band-64k agent=git/2.47", command('a', 'b', "refs/heads/main"));
        let mut sent = frame(first.as_bytes());
        sent.extend(frame(command('c', '0', "refs/heads/old").as_bytes()));
        sent.extend(b"0000PACK....");
        for size in [1, 3, 50, sent.len()] {
            let mut asked = Asked::default();
            let read: Vec<Reading> = sent.chunks(size).map(|part| asked.read(part)).collect();
            assert!(read.contains(&Reading::Whole), "{size}");
            assert_eq!(asked.moves.len(), 2, "{size}");
            assert_eq!(asked.moves[0].after.as_deref(), Some(&*"b".repeat(40)));
            assert_eq!((asked.moves[1].name.as_str(), &asked.moves[1].after), ("refs/heads/old", &None));
        }
        assert_eq!(Asked::default().read(b"0000"), Reading::Whole);
    }

    #[test]
    fn a_push_that_cannot_be_told_of_is_none() {
        let silent = frame(format!("{}\0 side-band-64k", command('a', 'b', "refs/heads/main")).as_bytes());
        assert_eq!(Asked::default().read(&[&silent[..], b"0000"].concat()), Reading::Wrong);
        for wrong in [&b"PACK"[..], b"0003", &frame(b"push-cert\0"), &frame(b"one two")] {
            assert_eq!(Asked::default().read(wrong), Reading::Wrong);
        }
    }

    #[test]
    fn only_what_git_reports_as_done_was_done() {
        let report = [frame(b"unpack ok\n"), frame(b"ok refs/heads/main\n"), frame(b"ng refs/heads/old no\n")].concat();
        let report = [&report[..], b"0000"].concat();
        let (one, two) = report.split_at(17);
        let channel = |part: &[u8]| frame(&[&[1], part].concat());
        let cut = [channel(one), frame(b"\x02remote: ok refs/heads/old\n"), channel(two), b"0000".to_vec()].concat();
        for said in [report, cut] {
            let mut reported = Report::default();
            said.chunks(7).for_each(|part| reported.read(part));
            let moved = |name: &str| Move { name: name.to_owned(), before: None, after: None };
            let asked = Asked { moves: vec![moved("refs/heads/main"), moved("refs/heads/old")], ..Asked::default() };
            assert_eq!(reported.done(asked), [moved("refs/heads/main")]);
        }
    }
}
