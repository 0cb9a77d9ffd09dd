//! The front's own answers: the few times it speaks instead of a backend (SPEC 3).
//!
//! Always `Connection: close` and the JSON error body of the admin API, and only to clients that speak HTTP while no
//! byte of a response has been forwarded. Texts are constant, so that nothing a client sent comes back in them.

/// Why the front answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 400: the head is malformed, or isn't HTTP where only HTTP is wanted.
    BadRequest,
    /// 408: the head was begun but not complete in time.
    HeadTimeout,
    /// 431: the line is over 8 KiB, or the head over 16 KiB.
    HeadTooLarge,
    /// 502: every backend that was tried refused, reset, or went away.
    BadGateway,
    /// 503: no backend is ready, or this process is out of sockets.
    Unavailable,
    /// 504: the connect or the first byte took too long.
    GatewayTimeout,
    /// 503 too: as many wait at the key's backend as may, or no place there came free in time.
    Busy,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::BadRequest,
        Self::HeadTimeout,
        Self::HeadTooLarge,
        Self::BadGateway,
        Self::Unavailable,
        Self::GatewayTimeout,
        Self::Busy,
    ];

    /// The status code.
    pub fn code(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::HeadTimeout => 408,
            Self::HeadTooLarge => 431,
            Self::BadGateway => 502,
            Self::Unavailable | Self::Busy => 503,
            Self::GatewayTimeout => 504,
        }
    }

    /// Where its code is counted, by [`crate::worker::stats::ANSWER_STATUSES`].
    pub fn index(self) -> usize {
        match self {
            Self::Busy => Self::Unavailable as usize,
            status => status as usize,
        }
    }

    /// The complete response; a test checks each length.
    pub fn response(self) -> &'static [u8] {
        match self {
            Self::BadRequest => b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 64\r\n\
                Connection: close\r\n\r\n{\"message\":\"<Error> Malformed request head\",\"status\":\"failure\"}\n",
            Self::HeadTimeout => b"HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nContent-Length: 79\r\n\
                Connection: close\r\n\r\n{\"message\":\"<Error> Request head was not complete in time\",\"status\":\"failure\"}\n",
            Self::HeadTooLarge => b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: application/json\r\nContent-Length: 85\r\n\
                Connection: close\r\n\r\n{\"message\":\"<Error> Request line over 8 KiB or head over 16 KiB\",\"status\":\"failure\"}\n",
            Self::BadGateway => b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\nContent-Length: 61\r\n\
                Connection: close\r\n\r\n{\"message\":\"<Error> No replica answered\",\"status\":\"failure\"}\n",
            Self::Unavailable => b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 61\r\n\
                Connection: close\r\n\r\n{\"message\":\"<Error> No replica is ready\",\"status\":\"failure\"}\n",
            Self::Busy => b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 88\r\n\
                Connection: close\r\n\r\n{\"message\":\"<Error> Every place at the replica is taken, try later\",\"status\":\"failure\"}\n",
            Self::GatewayTimeout => b"HTTP/1.1 504 Gateway Timeout\r\nContent-Type: application/json\r\nContent-Length: 76\r\n\
                Connection: close\r\n\r\n{\"message\":\"<Error> The replica did not answer in time\",\"status\":\"failure\"}\n",
        }
    }
}

#[cfg(test)]
mod tests;
