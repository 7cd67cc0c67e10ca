-- Everything but points and bytes: who, what, and where. Times are Unix seconds; lists and objects are JSON texts.
-- A number is never given twice: clients may still ask for what had it before.
-- Migrations are append-only: a published file is never changed, a new one follows.

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    admin INTEGER NOT NULL,
    created REAL NOT NULL
) STRICT;

-- Keys and sessions are stored as SHA-256 digests; `hint` is what a user may be shown of a key.
CREATE TABLE api_keys (
    digest BLOB PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    hint TEXT NOT NULL,
    created REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    digest BLOB PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    expires REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entity TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    access TEXT NOT NULL DEFAULT 'PRIVATE',
    created REAL NOT NULL,
    UNIQUE (entity, name)
) STRICT;

CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    state TEXT NOT NULL,
    config TEXT NOT NULL DEFAULT '{}',
    summary TEXT NOT NULL DEFAULT '{}',
    system TEXT NOT NULL DEFAULT '{}',
    description TEXT,
    notes TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '[]',
    run_group TEXT NOT NULL DEFAULT '',
    job_type TEXT NOT NULL DEFAULT '',
    sweep TEXT NOT NULL DEFAULT '',
    commit_hash TEXT,
    repository TEXT,
    program TEXT,
    host TEXT,
    user INTEGER NOT NULL REFERENCES users,
    created REAL NOT NULL,
    heartbeat REAL NOT NULL,
    exit_code INTEGER,
    stopped INTEGER NOT NULL DEFAULT 0,
    preempting INTEGER NOT NULL DEFAULT 0,
    -- The agent that was told to carry it out.
    agent INTEGER,
    UNIQUE (project, name)
) STRICT;
CREATE INDEX runs_by_agent ON runs (agent) WHERE agent IS NOT NULL;
CREATE INDEX runs_by_sweep ON runs (project, sweep) WHERE sweep <> '';
CREATE INDEX runs_by_time ON runs (project, created);

CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- Hexadecimal MD5 of the content, under which it is stored; NULL until it has arrived.
    md5 TEXT,
    size INTEGER NOT NULL DEFAULT 0,
    updated REAL NOT NULL,
    UNIQUE (run, name)
) STRICT;
CREATE INDEX files_by_content ON files (md5);

CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    level TEXT NOT NULL,
    created REAL NOT NULL
) STRICT;

-- A collection is a sequence of versions of one artifact, or a portfolio of links to artifacts.
CREATE TABLE collections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE,
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    portfolio INTEGER NOT NULL DEFAULT 0,
    description TEXT,
    tags TEXT NOT NULL DEFAULT '[]',
    -- The version of the next member: that of a deleted one is never given again.
    next_version INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (project, name)
) STRICT;

CREATE TABLE artifacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The sequence that it is a version of.
    collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
    state TEXT NOT NULL,
    digest TEXT NOT NULL,
    description TEXT,
    metadata TEXT,
    tags TEXT NOT NULL DEFAULT '[]',
    -- Aliases that it is to have once it is committed.
    aliases TEXT NOT NULL DEFAULT '[]',
    run INTEGER REFERENCES runs ON DELETE SET NULL,
    user INTEGER NOT NULL REFERENCES users,
    client_id TEXT,
    sequence_client_id TEXT,
    distributed_id TEXT,
    history_step INTEGER,
    ttl INTEGER,
    commit_hash TEXT,
    size INTEGER NOT NULL DEFAULT 0,
    file_count INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL,
    updated REAL NOT NULL
) STRICT;
CREATE INDEX artifacts_by_collection ON artifacts (collection);
CREATE INDEX artifacts_by_client ON artifacts (client_id) WHERE client_id IS NOT NULL;
CREATE INDEX artifacts_by_run ON artifacts (run) WHERE run IS NOT NULL;

CREATE TABLE manifests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    artifact INTEGER NOT NULL REFERENCES artifacts ON DELETE CASCADE,
    type TEXT NOT NULL,
    base INTEGER,
    md5 TEXT,
    size INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX manifests_by_artifact ON manifests (artifact);

-- The entries of a committed artifact's manifest.
CREATE TABLE entries (
    artifact INTEGER NOT NULL REFERENCES artifacts ON DELETE CASCADE,
    path TEXT NOT NULL,
    -- As the manifest has it: base64 of the MD5, or the address of a reference.
    digest TEXT NOT NULL,
    -- Hexadecimal MD5 of the content; NULL for a reference.
    md5 TEXT,
    size INTEGER NOT NULL,
    reference TEXT,
    PRIMARY KEY (artifact, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_by_content ON entries (md5);

-- Content that an artifact is to have: it stays until the artifact is committed or gone.
CREATE TABLE pending (
    artifact INTEGER NOT NULL REFERENCES artifacts ON DELETE CASCADE,
    md5 TEXT NOT NULL,
    PRIMARY KEY (artifact, md5)
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_by_content ON pending (md5);

CREATE TABLE memberships (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
    artifact INTEGER NOT NULL REFERENCES artifacts ON DELETE CASCADE,
    version INTEGER NOT NULL,
    created REAL NOT NULL,
    UNIQUE (collection, version),
    UNIQUE (collection, artifact)
) STRICT;

CREATE TABLE aliases (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
    alias TEXT NOT NULL,
    artifact INTEGER NOT NULL REFERENCES artifacts ON DELETE CASCADE,
    UNIQUE (collection, alias)
) STRICT;

CREATE TABLE uses (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    artifact INTEGER NOT NULL REFERENCES artifacts ON DELETE CASCADE,
    used_as TEXT,
    PRIMARY KEY (run, artifact)
) STRICT, WITHOUT ROWID;

-- Runs that have logged what was there already; the first one is named by the artifact itself.
CREATE TABLE outputs (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    artifact INTEGER NOT NULL REFERENCES artifacts ON DELETE CASCADE,
    PRIMARY KEY (run, artifact)
) STRICT, WITHOUT ROWID;

CREATE TABLE sweeps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE,
    name TEXT NOT NULL,
    display_name TEXT,
    description TEXT,
    config TEXT NOT NULL,
    state TEXT NOT NULL,
    user INTEGER NOT NULL REFERENCES users,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (project, name)
) STRICT;

CREATE TABLE agents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sweep INTEGER NOT NULL REFERENCES sweeps ON DELETE CASCADE,
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    created REAL NOT NULL,
    heartbeat REAL NOT NULL
) STRICT;
