//! White space in JSON text.

/// `json` without the white space between its tokens.
pub(super) fn compact(json: &[u8]) -> Vec<u8> {
    let mut strings = Strings::default();
    let mut text = Vec::with_capacity(json.len());
    text.extend(json.iter().filter(|&&byte| strings.include(byte) || !is_space(byte)));
    text
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// `json`, which must be compact, with a line for each member and element, indented by two spaces, and a last line end.
pub(super) fn indent(json: &[u8]) -> Vec<u8> {
    let mut strings = Strings::default();
    let mut text = Vec::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut before = None;
    for &byte in json {
        let token = (!strings.include(byte)).then_some(byte);
        match (before, token) {
            (Some(b'{' | b'['), Some(b'}' | b']')) => depth = depth.saturating_sub(1),
            (Some(b'{' | b'[' | b','), _) => break_line(&mut text, depth),
            (_, Some(b'}' | b']')) => {
                depth = depth.saturating_sub(1);
                break_line(&mut text, depth);
            }
            (Some(b':'), _) => text.push(b' '),
            _ => {}
        }
        depth += usize::from(matches!(token, Some(b'{' | b'[')));
        text.push(byte);
        before = token;
    }
    text.push(b'\n');
    text
}

fn break_line(text: &mut Vec<u8>, depth: usize) {
    text.push(b'\n');
    text.resize(text.len() + 2 * depth, b' ');
}

/// Follows JSON text byte by byte, and tells its strings from the rest.
#[derive(Default)]
struct Strings {
    inside: bool,
    escaped: bool,
}

impl Strings {
    /// Whether the next byte, which this is, belongs to a string; its quotes do.
    fn include(&mut self, byte: u8) -> bool {
        let was_inside = self.inside;
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = was_inside,
            b'"' => self.inside = !was_inside,
            _ => {}
        }
        was_inside || byte == b'"'
    }
}
