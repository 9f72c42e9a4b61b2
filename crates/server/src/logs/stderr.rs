//! Standard error as a log.

use std::io::{self, ErrorKind, Write};
use std::sync::{Mutex, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// What a pipe that is ready takes in one go without waiting (`PIPE_BUF`).
const PIECE: usize = 4096;

/// Keeps the workers' lines apart, and a question apart from the next writer's answer.
static TURN: Mutex<()> = Mutex::new(());

/// Writes `text` to standard error as far as that takes it at once.
///
/// Its flags are left alone, because other processes share them: it is asked before each piece
/// instead.
pub(super) fn write(text: &[u8]) -> io::Result<()> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let stderr = io::stderr();
    for piece in text.chunks(PIECE) {
        let mut asked = [PollFd::new(&stderr, PollFlags::OUT)];
        if poll(&mut asked, Some(&Timespec::default()))? == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        stderr.lock().write_all(piece)?;
    }
    Ok(())
}
