//! Currencies (ISO 4217, list one, active codes).

/// Every code. How many digits their minor units have is the model's to say.
const CODES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD \
    CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP FOU GBP \
    GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW \
    KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN \
    NAD NGN NIO NOK NON NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK \
    SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB THR TJS TMT TND TOP TRY TTD TWD TWO TZS UAH UGX USD USN \
    UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

/// Whether there is such a currency.
pub(crate) fn exists(code: &str) -> bool {
    codes().any(|one| one == code)
}

/// All codes, for suggestions.
pub(crate) fn codes() -> impl Iterator<Item = &'static str> {
    CODES.split_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_three_capitals_and_stands_once() {
        assert!(codes().collect::<Vec<_>>().is_sorted_by(|left, right| left < right));
        assert!(codes().all(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
    }

    #[test]
    fn currencies_are_known_by_their_exact_codes() {
        assert!(exists("EUR") && exists("JPY") && exists("KWD"));
        assert!(!exists("eur") && !exists("EURO") && !exists(""));
    }
}
