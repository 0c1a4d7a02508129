//! Writes what the fuzzer begins with, in a directory for each target below the one that is given.

use std::{env, fs, io, path::Path};

use cacher_core::{
    backend::{Backend, Key, json_file::JsonFile},
    envelope::{Content, seal},
    key::encode::encode,
};
use cacher_fuzz::{CHAINS, IDENTITY, Post, TIMES, chain};

fn main() -> io::Result<()> {
    let dir = env::args().nth(1).expect("a directory");
    let dir = Path::new(&dir);
    for target in ["envelope", "formats", "urls", "json_file", "keys"] {
        fs::create_dir_all(dir.join(target))?;
    }
    for (at, name) in (0_u8..).zip(CHAINS) {
        let format = chain(at);
        let values = [format.encode(&Post::sample()), format.encode("text"), format.encode(&vec![[1_i16, -2], [3, 4]])];
        for (n, value) in values.into_iter().flatten().enumerate() {
            // The target takes the rest of its input for bytes, and the number in front for the chain.
            fs::write(dir.join(format!("formats/{at}-{n}")), [&[at], &value[..]].concat())?;
            let sealed = seal(format.name(), &IDENTITY, &TIMES, &Content { value: &value, arguments: None, tags: &[] });
            fs::write(dir.join(format!("envelope/{at}-{n}")), &sealed)?;
            // Without its checksum, which the target adds.
            let without = if name == "json" { sealed.len() - 54 } else { sealed.len() - 16 };
            fs::write(dir.join(format!("envelope/{at}-{n}-open")), &sealed[..without])?;
        }
    }
    for (n, url) in
        ["file://./a%20b?format=json", "sqlite:///a/b.db?table=posts&durability=power", "memory://?format=raw"]
            .into_iter()
            .enumerate()
    {
        fs::write(dir.join(format!("urls/{n}")), url)?;
    }
    let file = JsonFile::new(dir.join("json_file/cache"));
    let entry = seal("json", &IDENTITY, &TIMES, &Content { value: b"[1,2]", arguments: None, tags: &[] });
    for (name, entry) in [("a", &entry[..]), ("b", b"digits")] {
        let key = Key { namespace: "app::fetch".into(), name: name.into(), format: "json" };
        file.put(&key, entry, None).map_err(io::Error::other)?;
    }
    fs::remove_file(dir.join("json_file/cache.lock"))?;
    let key = encode(&("text", 3_u128, Some(true))).map_err(io::Error::other)?;
    fs::write(dir.join("keys/tuple"), key)
}
