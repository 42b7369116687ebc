//! What deliveries from tills are signed with, and whether a signature is good (Standard Webhooks 1.0).

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tradepost_domain::{instant::Instant, pos::SignatureFault};

/// How far a till's clock may be off, in seconds, either way.
pub const TOLERANCE_SECONDS: i64 = 300;
/// A clock is said to be off by no more than this, in seconds: some thirty years.
const MOST_SECONDS_OFF: i64 = 1_000_000_000;
const PREFIX: &str = "whsec_";
/// The secret of no connection.
const NOBODYS: &str = "whsec_bm9ib2R5cyBzZWNyZXQ=";
/// So many signatures of a delivery are looked at.
const MOST_SIGNATURES: usize = 16;
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a till signs with, as text: `whsec_` and base64. It shows itself only to whoever asks for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new one, of 256 random bits.
    ///
    /// # Errors
    /// Where the operating system has no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(format!("{PREFIX}{}", STANDARD.encode(bytes))))
    }

    /// The secret itself: to be shown once, or sealed.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// One that was kept before secrets were sealed.
    pub fn unsealed(kept: &str) -> Option<Self> {
        kept.starts_with(PREFIX).then(|| Self(kept.to_owned()))
    }

    /// The secret of no connection, for the work's sake.
    pub(super) fn nobodys() -> Self {
        Self(NOBODYS.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    /// That it is one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// What a till sends to prove itself.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The id that the sender gave the delivery.
    pub id: &'a str,
    /// When it was sent, in seconds since 1970.
    pub timestamp: &'a str,
    /// `v1,` and base64; several are separated by spaces.
    pub signatures: &'a str,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

/// Why a delivery was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadSignature {
    /// What is wrong with it.
    pub fault: SignatureFault,
    /// Where it is the clock: how far it is ahead, in seconds; negative where it is behind.
    pub seconds_off: Option<i64>,
}

impl From<SignatureFault> for BadSignature {
    fn from(fault: SignatureFault) -> Self {
        Self { fault, seconds_off: None }
    }
}

impl Signed<'_> {
    /// Is one of the signatures made with one of these secrets, and not too long ago?
    ///
    /// # Errors
    /// Why not. That it is too old is said only of what is signed well: of the rest nobody knows who said when.
    pub fn check<'s>(&self, secrets: impl IntoIterator<Item = &'s Secret>, now: Instant) -> Result<(), BadSignature> {
        if [self.id, self.timestamp, self.signatures].iter().any(|part| part.is_empty()) {
            return Err(SignatureFault::Incomplete.into());
        }
        let is_id = self.id.bytes().all(|b| b.is_ascii_graphic());
        let sent = Some(self.timestamp).filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        let sent: Option<i64> = sent.and_then(|text| text.parse().ok());
        let given = self.signatures.split(' ').filter_map(|one| one.strip_prefix("v1,")).take(MOST_SIGNATURES);
        let given: Vec<Vec<u8>> = given.filter_map(|one| BASE64.decode(one).ok()).collect();
        let Some(sent) = sent.filter(|_| is_id && !given.is_empty()) else {
            return Err(SignatureFault::Malformed.into());
        };
        // Every candidate is compared in constant time, and all of them are.
        let expected: Vec<_> = secrets.into_iter().filter_map(|secret| self.mac(secret)).collect();
        let is_good = |tag: &[u8]| expected.iter().filter(|mac| (*mac).clone().verify_slice(tag).is_ok()).count();
        if given.iter().map(|tag| is_good(tag)).sum::<usize>() == 0 {
            return Err(SignatureFault::NoSignatureMatches.into());
        }
        let seconds_off = sent.saturating_sub(now.micros().div_euclid(1_000_000));
        if seconds_off.saturating_abs() > TOLERANCE_SECONDS {
            // No clock is off by more, and every reader of JSON can keep such a number.
            let seconds_off = seconds_off.clamp(-MOST_SECONDS_OFF, MOST_SECONDS_OFF);
            return Err(BadSignature { fault: SignatureFault::ClockOff, seconds_off: Some(seconds_off) });
        }
        Ok(())
    }

    fn mac(&self, secret: &Secret) -> Option<Hmac<Sha256>> {
        let key = BASE64.decode(secret.0.strip_prefix(PREFIX)?).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        for part in [self.id.as_bytes(), b".", self.timestamp.as_bytes(), b".", self.body] {
            mac.update(part);
        }
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SignatureFault::{ClockOff, Incomplete, Malformed, NoSignatureMatches};

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    fn good<'a>() -> Signed<'a> {
        // The example of the Standard Webhooks specification.
        Signed {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: "1614265330",
            signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            body: BODY,
        }
    }

    fn checked(signed: &Signed<'_>, secrets: &[&str], second: i64) -> Result<(), BadSignature> {
        let secrets: Vec<_> = secrets.iter().map(|text| Secret::from((*text).to_owned())).collect();
        signed.check(&secrets, Instant::from_micros(second * 1_000_000))
    }

    fn fault(signed: &Signed<'_>) -> SignatureFault {
        checked(signed, &[SECRET], 1_614_265_330).unwrap_err().fault
    }

    #[test]
    fn the_example_of_the_specification_is_good() {
        assert_eq!(checked(&good(), &[SECRET], 1_614_265_330), Ok(()));
        let several = format!("v1,AAAA v1a,xyz {}", good().signatures);
        assert_eq!(checked(&Signed { signatures: &several, ..good() }, &[SECRET], 1_614_265_630), Ok(()));
        assert_eq!(checked(&good(), &["whsec_AAAA", SECRET], 1_614_265_330), Ok(()), "one secret of several");
    }

    #[test]
    fn what_differs_matches_no_signature() {
        for secrets in [&[][..], &["whsec_AAAA"], &[""]] {
            assert_eq!(checked(&good(), secrets, 1_614_265_330).unwrap_err().fault, NoSignatureMatches);
        }
        for other in [
            Signed { id: "msg_q", ..good() },
            Signed { timestamp: "1614265331", ..good() },
            Signed { body: b"{}", ..good() },
            Signed { signatures: "v1,AAAA", ..good() },
        ] {
            assert_eq!(fault(&other), NoSignatureMatches, "{other:?}");
        }
    }

    #[test]
    fn what_is_signed_well_may_be_too_old_or_too_early_and_it_is_said_by_how_much() {
        let off = |second| checked(&good(), &[SECRET], second).unwrap_err();
        let by = |seconds| BadSignature { fault: ClockOff, seconds_off: Some(seconds) };
        assert_eq!((off(1_614_265_631), off(1_614_265_029)), (by(-301), by(301)));
        let signed_by_another = checked(&good(), &["whsec_AAAA"], 0).unwrap_err();
        assert_eq!(signed_by_another, NoSignatureMatches.into(), "of that nobody knows who said when");
    }

    #[test]
    fn what_is_not_there_and_what_cannot_be_are_told_apart() {
        for missing in
            [Signed { id: "", ..good() }, Signed { timestamp: "", ..good() }, Signed { signatures: "", ..good() }]
        {
            assert_eq!(fault(&missing), Incomplete, "{missing:?}");
        }
        for id in ["two words", "a\tb", "\u{1}", "caf\u{e9}"] {
            assert_eq!(fault(&Signed { id, ..good() }), Malformed, "{id:?}");
        }
        for timestamp in ["yesterday", "+1614265330", "-1", "1614265330.5", "99999999999999999999"] {
            assert_eq!(fault(&Signed { timestamp, ..good() }), Malformed, "{timestamp}");
        }
        let bare = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        for signatures in ["v1", bare, "v2,AAAA", "v1,***"] {
            assert_eq!(fault(&Signed { signatures, ..good() }), Malformed, "{signatures}");
        }
    }

    #[test]
    fn a_secret_is_256_bits_in_base64_and_does_not_show_itself() {
        let secret = Secret::generate().unwrap();
        assert_eq!(BASE64.decode(secret.expose().strip_prefix("whsec_").unwrap()).unwrap().len(), 32);
        assert_eq!(format!("{secret:?}"), "Secret");
    }
}
