//! A tagger that plays back a recording.

use alloc::vec::Vec;

use diqkd_core::TimeTag;

use crate::error::{ErrorKind, ErrorType};
use crate::time_tagger::{Capabilities, Filled, Restart, Status, TagBlock, TimeTagger};

/// Plays back tags and events from memory, in the manner of a file or an archive: the reference implementation of the
/// contract of [`TimeTagger`].
#[derive(Clone, Debug)]
pub struct Playback {
    tags: Vec<TimeTag>,
    /// Status after the first `.0` tags, in order.
    events: Vec<(usize, Status)>,
    channels: u16,
    timeout_every: Option<u64>,
    calls: u64,
    next_tag: usize,
    next_event: usize,
    running: bool,
}

impl Playback {
    /// Plays `tags`, with `events` after the given numbers of tags. Both in order.
    pub fn new(tags: Vec<TimeTag>, events: Vec<(usize, Status)>) -> Self {
        let channels =
            tags.iter().map(|tag| tag.channel.0).max().map_or(1, |greatest| greatest.saturating_add(1));
        Self {
            tags,
            events,
            channels,
            timeout_every: None,
            calls: 0,
            next_tag: 0,
            next_event: 0,
            running: false,
        }
    }

    /// Lets every `n`-th call of `fill` fail with [`ErrorKind::Timeout`], starting with the `n`-th; 0 is taken as 1.
    #[must_use]
    pub fn with_timeouts(self, n: u64) -> Self {
        Self { timeout_every: Some(n.max(1)), ..self }
    }
}

impl ErrorType for Playback {
    type Error = ErrorKind;
}

impl TimeTagger for Playback {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            resolution_ps: 1,
            channels: self.channels,
            max_tag_rate_hz: 0,
            dead_time_ps: 0,
            restart: Restart::Rewinds,
        }
    }

    fn start(&mut self) -> Result<(), ErrorKind> {
        if !self.running {
            (self.next_tag, self.next_event, self.running) = (0, 0, true);
        }
        Ok(())
    }

    fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, ErrorKind> {
        if !self.running {
            return Err(ErrorKind::Unsupported);
        }
        self.calls += 1;
        if self.timeout_every.is_some_and(|n| self.calls.is_multiple_of(n)) {
            return Err(ErrorKind::Timeout);
        }
        let capacity = block.capacity();
        if capacity == 0 {
            return Ok(Filled { len: 0, status: Status::Streaming });
        }
        let event = self.events.get(self.next_event).copied();
        let end = event.map_or(self.tags.len(), |(after, _)| after.min(self.tags.len()));
        let ready = &self.tags[self.next_tag.min(end)..end];
        let len = ready.len().min(capacity);
        for (tag, (time_ps, channel)) in
            ready.iter().zip(block.time_ps.iter_mut().zip(block.channel)).take(len)
        {
            *time_ps = tag.time_ps;
            *channel = tag.channel.0;
        }
        self.next_tag += len;
        if self.next_tag < end {
            return Ok(Filled { len, status: Status::Streaming });
        }
        match event {
            Some((_, status)) => {
                self.next_event += 1;
                Ok(Filled { len, status })
            }
            None => Ok(Filled { len, status: Status::EndOfData }),
        }
    }

    fn stop(&mut self) -> Result<(), ErrorKind> {
        self.running = false;
        Ok(())
    }
}
