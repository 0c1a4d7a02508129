//! What `breaker` is said to do.

/// Of fewer loads in a window it does not judge.
const MIN_LOADS: usize = 10;

#[derive(Debug, Default)]
pub(crate) struct Breaker {
    state: State,
    /// The step of each load, and whether it failed.
    loads: Vec<(u64, bool)>,
}

#[derive(Debug, Default, PartialEq)]
enum State {
    #[default]
    Closed,
    Open(u64),
    HalfOpen,
}

impl Breaker {
    /// Whether the body may run.
    pub(crate) fn permits(&mut self, now: u64) -> bool {
        match self.state {
            State::Closed => true,
            State::Open(until) if now < until => false,
            State::Open(_) | State::HalfOpen => {
                self.state = State::HalfOpen;
                true
            }
        }
    }

    pub(crate) fn ended(&mut self, now: u64, failed: bool, (part, window): (f64, u64)) {
        if self.state == State::HalfOpen {
            self.loads.clear();
            self.state = if failed { State::Open(now + window) } else { State::Closed };
            return;
        }
        let step = now / (window / 10);
        self.loads.push((step, failed));
        self.loads.retain(|(of, _)| of + 10 > step);
        let failures = self.loads.iter().filter(|(_, failed)| *failed).count();
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let too_many = failures as f64 >= part * self.loads.len() as f64;
        if self.loads.len() >= MIN_LOADS && too_many && failures > 0 {
            self.state = State::Open(now + window);
        }
    }
}
