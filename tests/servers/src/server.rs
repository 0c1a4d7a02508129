//! A server of a test's own.

use std::{
    env,
    fmt::{self, Debug, Formatter},
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::{account::Account, port, probe::Probe, program, signal};

/// A process that serves on a port of 127.0.0.1, in a directory of its own. Both go when it is dropped.
pub struct Server {
    name: &'static str,
    port: u16,
    home: PathBuf,
    account: Option<Account>,
    probe: Probe,
    command: Mutex<Command>,
    process: Mutex<Option<Child>>,
}

/// What a kind of server needs.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The user to run as, where root would be refused.
    pub(crate) user: Option<&'static str>,
    pub(crate) probe: Probe,
}

const PATIENCE: Duration = Duration::from_secs(60);

impl Server {
    /// A place for a server; `None` where the program is missing.
    pub(crate) fn prepare(kind: &Kind, program: &str) -> Option<Self> {
        let mut command = Command::new(program::find(program)?);
        let port = port::free();
        let home = directory().join(format!("{}-{port}", kind.name));
        // What was left by a test that was killed.
        let _ = fs::remove_dir_all(&home);
        open_directory(&home);
        let account = kind.user.and_then(Account::for_root);
        if let Some(account) = account {
            account.owns(&home);
            account.runs(&mut command);
        }
        command.current_dir(&home).stdin(Stdio::null());
        let (command, process) = (Mutex::new(command), Mutex::new(None));
        Some(Self { name: kind.name, port, home, account, probe: kind.probe, command, process })
    }

    /// Arguments of the program, for each start.
    pub(crate) fn argued<I: IntoIterator<Item: AsRef<str>>>(self, arguments: I) -> Self {
        locked(&self.command).args(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Runs what makes the server's files, before it is started.
    pub(crate) fn set_up(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(program::find(program).unwrap_or_else(|| panic!("no {program} here")));
        if let Some(account) = self.account {
            account.runs(&mut command);
        }
        // Two that run at once would take each other's temporary files.
        command.args(arguments).current_dir(&self.home).env("TMPDIR", &self.home).stdin(Stdio::null());
        let output = command.output();
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// The directory of the server.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The port, which stays the same when the server is started again.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and port, as `127.0.0.1:20001`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Kills the server, as a power cut would: nothing is said to clients, nothing is saved.
    pub fn stop(&self) {
        if let Some(mut process) = locked(&self.process).take() {
            signal::send_to_family("KILL", process.id());
            // It may be gone already.
            let _ = process.wait();
        }
    }

    /// Starts the server, and waits until it answers. Does nothing when it runs.
    ///
    /// # Panics
    /// If it does not answer within a minute.
    pub fn start(&self) {
        let mut process = locked(&self.process);
        let deadline = Instant::now() + PATIENCE;
        // One that dies is started anew: others of its processes may have to go first.
        while !(alive(&mut process) && self.answers()) {
            assert!(Instant::now() < deadline, "{} does not answer: {}", self.name, self.log());
            if !alive(&mut process) {
                *process = Some(self.spawn());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops the server in its tracks: connections stay, nothing is answered.
    ///
    /// # Panics
    /// If it does not run.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Goes on after [`pause`](Self::pause).
    ///
    /// # Panics
    /// If it does not run.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let process = locked(&self.process);
        signal::send_to_family(name, process.as_ref().unwrap_or_else(|| panic!("{} does not run", self.name)).id());
    }

    fn answers(&self) -> bool {
        self.probe.ask(&self.address()).is_ok()
    }

    fn spawn(&self) -> Child {
        let log = File::options().create(true).append(true).open(self.home.join("log")).expect("a log");
        let mut command = locked(&self.command);
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        let process = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.name));
        // By which `scripts/servers stop` finds it when this process is killed.
        fs::write(self.home.join("pid"), process.id().to_string()).expect("a directory of ours");
        process
    }

    /// What the server has written to its output so far.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.home.join("log")).unwrap_or_default()).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        // Of no use to anybody; a start of the same name removes it otherwise.
        let _ = fs::remove_dir_all(&self.home);
    }
}

impl Debug for Server {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("name", &self.name).field("port", &self.port).finish_non_exhaustive()
    }
}

fn alive(process: &mut Option<Child>) -> bool {
    process.as_mut().is_some_and(|process| matches!(process.try_wait(), Ok(None)))
}

fn directory() -> PathBuf {
    let shared = env::var_os("CACHER_SERVERS_DIR").map(PathBuf::from);
    let directory = shared.unwrap_or_else(|| env::temp_dir().join("cacher-servers-private")).join("private");
    open_directory(&directory);
    directory
}

/// One that the users whom servers run as may enter.
fn open_directory(path: &Path) {
    fs::create_dir_all(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // Where another made it, it is theirs to open.
    let _ = fs::set_permissions(path, Permissions::from_mode(0o755));
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
