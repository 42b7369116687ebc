//! Countries by their codes. What is known of a country's phone numbers is not in here.

use crate::text::TextError;
use std::{fmt, str::FromStr};

/// ISO 3166-1 alpha-2, and the three codes beside it that have phone numbers of their own: AC, TA and XK.
const CODES: &str = "AC AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW \
    BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA \
    GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH \
    KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY \
    MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH \
    SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG \
    VI VN VU WF WS XK YE YT ZA ZM ZW";

/// A country by its ISO 3166-1 code of two letters, by which national phone numbers are completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// Reads a code such as `KE`, in any case.
    ///
    /// # Errors
    /// [`TextError::Form`] for a code that no country has.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        const FORM: TextError = TextError::Form("a country is a code of two letters from ISO 3166, for example KE");
        let code: [u8; 2] = text.trim().as_bytes().try_into().map_err(|_| FORM)?;
        let code = code.map(|letter| letter.to_ascii_uppercase());
        if CODES.split_ascii_whitespace().any(|known| known.as_bytes() == code) { Ok(Self(code)) } else { Err(FORM) }
    }

    /// The code in capitals, for example `KE`.
    pub fn code(&self) -> &str {
        // Only parsed codes exist, and those are ASCII letters.
        std::str::from_utf8(&self.0).unwrap_or("ZZ")
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Country {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_in_any_case_and_written_in_capitals() {
        assert_eq!(Country::parse(" ke ").unwrap().to_string(), "KE");
        for unknown in ["XX", "KEN", "", "é"] {
            let told = Country::parse(unknown).unwrap_err().to_string();
            assert_eq!(told, "a country is a code of two letters from ISO 3166, for example KE", "{unknown}");
        }
    }
}
