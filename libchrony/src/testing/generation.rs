//! chronyd's versions, as far as their replies differ.

use super::command::Command;

/// A version of chronyd; those in between answer as the one before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Generation {
    /// 1.29.1, the first with protocol version 6. It had no Unix socket; a simulated one may.
    V1_29,
    /// 2.1: smoothing.
    V2_1,
    /// 2.2: the Unix socket.
    V2_2,
    /// 2.3: serverstats; refuses unknown commands instead of ignoring them.
    V2_3,
    /// 3.0: ntpdata.
    V3_0,
    /// 3.5, the last before authentication and selection data.
    V3_5,
    /// 4.0: authdata, selectdata, source names, clients, NTS; unresolved sources are listed.
    V4_0,
    /// 4.2: serverstats counts interleaved requests.
    V4_2,
    /// 4.3: ntpdata counts good messages.
    V4_3,
    /// 4.4: serverstats with 64 bits and the origin of timestamps.
    V4_4,
    /// 4.6: ntpdata counts timestamps of the kernel and of hardware.
    V4_6,
    /// 4.7: `opencommands`.
    V4_7,
    /// 4.8.
    #[default]
    V4_8,
    /// 4.9: selection data may hold the state `r`, a stratum out of range.
    V4_9,
}

/// The length of a reply without data, in bytes.
const HEADER: usize = 28;

impl Generation {
    /// Every generation, the oldest first.
    pub const ALL: [Self; 14] = [
        Self::V1_29,
        Self::V2_1,
        Self::V2_2,
        Self::V2_3,
        Self::V3_0,
        Self::V3_5,
        Self::V4_0,
        Self::V4_2,
        Self::V4_3,
        Self::V4_4,
        Self::V4_6,
        Self::V4_7,
        Self::V4_8,
        Self::V4_9,
    ];

    /// Whether this version knows a command; it refuses others with status 3.
    #[must_use]
    pub fn knows(self, command: Command) -> bool {
        let newest = match self {
            Self::V1_29 => 50,
            Self::V2_1 | Self::V2_2 => 53,
            Self::V2_3 => 56,
            Self::V3_0 | Self::V3_5 => 64,
            _ => 71,
        };
        command.0 <= newest
    }

    /// The reply code of serverstats, which names its layout.
    pub(super) fn serverstats_layout(self) -> u16 {
        match self {
            _ if self < Self::V4_0 => 14,
            Self::V4_0 => 22,
            Self::V4_2 | Self::V4_3 => 24,
            _ => 25,
        }
    }

    /// The reply code of ntpdata, which names its layout.
    pub(super) fn ntpdata_layout(self) -> u16 {
        if self < Self::V4_6 { 16 } else { 26 }
    }

    /// The least length of a request, in bytes: that of the reply it can have.
    ///
    /// `None` for a command that is no report.
    #[must_use]
    pub fn required_length(self, command: Command) -> Option<usize> {
        Some(match command {
            Command::COUNT => HEADER + 4,
            Command::SOURCES => HEADER + 48,
            Command::TRACKING => HEADER + 76,
            Command::SOURCESTATS => HEADER + 56,
            Command::RTCDATA => HEADER + 28,
            Command::MANUAL => HEADER + 4 + 32 * 12,
            Command::ACTIVITY => HEADER + 20,
            Command::SMOOTHING => HEADER + 24,
            Command::SERVERSTATS => match self.serverstats_layout() {
                14 => HEADER + 20,
                22 => HEADER + 32,
                24 => HEADER + 44,
                _ => HEADER + 168,
            },
            Command::NTPDATA if self.ntpdata_layout() == 16 => HEADER + 124,
            Command::NTPDATA => HEADER + 144,
            Command::SOURCENAME => HEADER + 256,
            Command::AUTHDATA => HEADER + 24,
            Command::CLIENTS => HEADER + 12 + 8 * 60,
            Command::SELECTDATA => HEADER + 48,
            _ => return None,
        })
    }

    /// Whether a command may be used over UDP, given the directive `opencommands` (4.7 and later).
    pub(super) fn opens(self, command: Command, opencommands: Option<&[Command]>) -> bool {
        const DEFAULT: [Command; 8] = [
            Command::ACTIVITY,
            Command::MANUAL,
            Command::RTCDATA,
            Command::SMOOTHING,
            Command::SOURCENAME,
            Command::SOURCES,
            Command::SOURCESTATS,
            Command::TRACKING,
        ];
        const COUNTED: [Command; 5] = [
            Command::AUTHDATA,
            Command::NTPDATA,
            Command::SELECTDATA,
            Command::SOURCES,
            Command::SOURCESTATS,
        ];
        let open = opencommands.filter(|_| self >= Self::V4_7).unwrap_or(&DEFAULT);
        match command {
            Command::COUNT => open.iter().any(|listed| COUNTED.contains(listed)),
            _ => open.contains(&command),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_4_8_with_opencommands_serverstats_ntpdata_opens_only_these_and_the_count() {
        let list = [Command::SERVERSTATS, Command::NTPDATA];
        let opens = |command| Generation::V4_8.opens(command, Some(&list));
        assert!(opens(Command::SERVERSTATS) && opens(Command::NTPDATA) && opens(Command::COUNT));
        assert!(!opens(Command::TRACKING) && !opens(Command::SOURCESTATS));
        assert!(!Generation::V4_8.opens(Command::COUNT, Some(&[Command::TRACKING])));
        assert!(!Generation::V4_6.opens(Command::SERVERSTATS, Some(&list)));
        assert!(Generation::V4_6.opens(Command::TRACKING, Some(&list)));
    }

    #[test]
    fn the_generations_stand_in_order() {
        assert!(Generation::ALL.is_sorted());
        assert!(Generation::ALL.contains(&Generation::default()));
    }
}
