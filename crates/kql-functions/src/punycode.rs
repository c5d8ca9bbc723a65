//! Punycode (RFC 3492): text of any letters as text of ASCII letters, and back.

/// Parameters of section 5.
const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_LETTER: u32 = 128;

/// Letters that are coded at most: the method takes time that grows with their square.
pub const LETTERS_MAX: usize = 4096;

/// What a label of a domain in Punycode begins with.
const LABEL_MARK: &str = "xn--";

fn adapt(delta: u32, count: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / DAMP } else { delta / 2 };
    delta += delta / count;
    let mut bias = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        bias += BASE;
    }
    bias + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

fn threshold(position: u32, bias: u32) -> u32 {
    position.saturating_sub(bias).clamp(T_MIN, T_MAX)
}

fn digit(value: u32) -> char {
    // Below 26 letters, then digits; the value is always below 36.
    char::from(if value < 26 {
        b'a' + value as u8
    } else {
        b'0' + (value - 26) as u8
    })
}

/// `None`: too many letters.
pub fn encode(text: &str) -> Option<String> {
    let letters: Vec<u32> = text.chars().map(u32::from).collect();
    if letters.len() > LETTERS_MAX {
        return None;
    }
    let mut encoded: String = text.chars().filter(char::is_ascii).collect();
    let basic = encoded.len() as u32;
    let mut handled = basic;
    if basic > 0 {
        encoded.push('-');
    }
    let (mut letter, mut delta, mut bias) = (INITIAL_LETTER, 0_u32, INITIAL_BIAS);
    while (handled as usize) < letters.len() {
        let next = letters.iter().copied().filter(|other| *other >= letter).min()?;
        delta = delta.checked_add((next - letter).checked_mul(handled + 1)?)?;
        letter = next;
        for &other in &letters {
            if other < letter {
                delta = delta.checked_add(1)?;
            }
            if other == letter {
                let mut rest = delta;
                let mut position = BASE;
                loop {
                    let threshold = threshold(position, bias);
                    if rest < threshold {
                        break;
                    }
                    encoded.push(digit(threshold + (rest - threshold) % (BASE - threshold)));
                    rest = (rest - threshold) / (BASE - threshold);
                    position += BASE;
                }
                encoded.push(digit(rest));
                bias = adapt(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta += 1;
        letter += 1;
    }
    Some(encoded)
}

/// `None`: not Punycode, or too many letters.
pub fn decode(text: &str) -> Option<String> {
    if !text.is_ascii() || text.len() > LETTERS_MAX {
        return None;
    }
    let (basic, coded) = text.rsplit_once('-').unwrap_or(("", text));
    let mut letters: Vec<char> = basic.chars().collect();
    let (mut letter, mut index, mut bias) = (INITIAL_LETTER, 0_u32, INITIAL_BIAS);
    let mut digits = coded.chars();
    while !digits.as_str().is_empty() {
        let before = index;
        let mut weight = 1_u32;
        let mut position = BASE;
        loop {
            let digit = match digits.next()? {
                letter @ ('a'..='z' | 'A'..='Z') => u32::from(letter.to_ascii_lowercase()) - u32::from('a'),
                number @ '0'..='9' => u32::from(number) - u32::from('0') + 26,
                _ => return None,
            };
            index = index.checked_add(digit.checked_mul(weight)?)?;
            let threshold = threshold(position, bias);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            position += BASE;
        }
        let count = letters.len() as u32 + 1;
        bias = adapt(index - before, count, before == 0);
        letter = letter.checked_add(index / count)?;
        index %= count;
        letters.insert(index as usize, char::from_u32(letter)?);
        index += 1;
    }
    Some(letters.into_iter().collect())
}

/// Each label of a domain that has other than ASCII letters.
pub fn encode_domain(domain: &str) -> Option<String> {
    labels(domain, |label| {
        if label.is_ascii() {
            Some(label.to_owned())
        } else {
            Some(format!("{LABEL_MARK}{}", encode(label)?))
        }
    })
}

pub fn decode_domain(domain: &str) -> Option<String> {
    labels(domain, |label| match label.strip_prefix(LABEL_MARK) {
        Some(coded) => decode(coded),
        None => Some(label.to_owned()),
    })
}

fn labels(domain: &str, convert: impl Fn(&str) -> Option<String>) -> Option<String> {
    let labels: Option<Vec<String>> = domain.split('.').map(convert).collect();
    labels.map(|labels| labels.join("."))
}
