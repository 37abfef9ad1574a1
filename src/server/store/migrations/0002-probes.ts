/** Finished runs of probes, and since when each probe is configured. */
export const PROBES = `
  CREATE TABLE probe_runs (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL UNIQUE,
    probe TEXT NOT NULL,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    verdict TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    finished_ms INTEGER NOT NULL,
    comparable TEXT NOT NULL,
    run TEXT NOT NULL,
    pairs BLOB
  ) STRICT;
  CREATE INDEX probe_runs_by_version ON probe_runs (probe, model, version, sequence);
  CREATE INDEX probe_runs_by_verdict ON probe_runs (probe, model, verdict, sequence);
  CREATE INDEX probe_runs_by_age ON probe_runs (finished_ms);
  CREATE TABLE probes (name TEXT PRIMARY KEY, configured_ms INTEGER NOT NULL) STRICT;
`;
