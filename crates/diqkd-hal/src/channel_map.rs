//! Which tagger channel means what.

use core::fmt;

use diqkd_core::{Channel, Outcome, Setting};

/// Meaning of the tagger channels of one station.
///
/// A click on `detectors[0]` stands for [`Outcome::Plus`], one on `detectors[1]` for [`Outcome::Minus`]; a station with
/// one detector (bright = `Plus`, dark = `Minus`) names a second channel on which nothing ever arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelMap {
    /// Heralds of an event-ready station, synchronisation pulses of a clocked one; `None` when there are neither.
    pub herald: Option<Channel>,
    /// Markers of the applied setting: `settings[i]` for setting `i`.
    pub settings: [Channel; 4],
    /// Clicks: `detectors[0]` is `Plus`, `detectors[1]` is `Minus`.
    pub detectors: [Channel; 2],
}

impl ChannelMap {
    /// What a tag on `channel` means; `None` for a channel outside the map.
    pub fn meaning(&self, channel: Channel) -> Option<ChannelUse> {
        if self.herald == Some(channel) {
            return Some(ChannelUse::Herald);
        }
        if let Some(i) = self.settings.iter().position(|&c| c == channel) {
            return Setting::new(i as u8).ok().map(ChannelUse::Setting);
        }
        let detector = self.detectors.iter().position(|&c| c == channel)?;
        Some(ChannelUse::Click(Outcome::from_bit(detector == 1)))
    }

    /// Checks that every channel has one meaning and exists on a tagger with `channels` channels.
    ///
    /// # Errors
    /// [`ChannelMapError`] naming the first offending channel.
    pub fn check(&self, channels: u16) -> Result<(), ChannelMapError> {
        let mut seen = [None; 7];
        let all = self.herald.into_iter().chain(self.settings).chain(self.detectors);
        for (i, channel) in all.enumerate() {
            if channel.0 >= channels {
                return Err(ChannelMapError::Missing { channel, channels });
            }
            if seen.contains(&Some(channel)) {
                return Err(ChannelMapError::Ambiguous { channel });
            }
            seen[i] = Some(channel);
        }
        Ok(())
    }
}

/// What a tag stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelUse {
    /// A herald or a synchronisation pulse.
    Herald,
    /// This setting has been applied.
    Setting(Setting),
    /// A detector clicked.
    Click(Outcome),
}

/// Why a channel map cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChannelMapError {
    /// A channel has two meanings.
    Ambiguous {
        /// The channel.
        channel: Channel,
    },
    /// The tagger has no such channel.
    Missing {
        /// The channel.
        channel: Channel,
        /// Number of channels of the tagger.
        channels: u16,
    },
}

impl fmt::Display for ChannelMapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ambiguous { channel } => {
                write!(
                    f,
                    "channel {channel} has two meanings in the channel map; give each signal its own channel"
                )
            }
            Self::Missing { channel, channels } => {
                write!(
                    f,
                    "the channel map names channel {channel}, but the tagger has channels 0 to {channels} - 1"
                )
            }
        }
    }
}

impl core::error::Error for ChannelMapError {}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: ChannelMap = ChannelMap {
        herald: Some(Channel(0)),
        settings: [Channel(1), Channel(2), Channel(3), Channel(4)],
        detectors: [Channel(5), Channel(6)],
    };

    #[test]
    fn every_channel_has_its_meaning() {
        assert_eq!(MAP.meaning(Channel(0)), Some(ChannelUse::Herald));
        assert_eq!(MAP.meaning(Channel(3)), Some(ChannelUse::Setting(Setting::BOB_KEY)));
        assert_eq!(MAP.meaning(Channel(6)), Some(ChannelUse::Click(Outcome::Minus)));
        assert_eq!(MAP.meaning(Channel(7)), None);
        assert_eq!(MAP.check(7), Ok(()));
    }

    #[test]
    fn double_and_missing_channels_are_named() {
        assert_eq!(MAP.check(6), Err(ChannelMapError::Missing { channel: Channel(6), channels: 6 }));
        let double = ChannelMap { herald: Some(Channel(5)), ..MAP };
        assert_eq!(double.check(7), Err(ChannelMapError::Ambiguous { channel: Channel(5) }));
    }
}
