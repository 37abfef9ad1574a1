import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../context.js';

/** A run of a probe that the other side has acknowledged. */
export interface ProbePosition {
  readonly sequence: number;
  readonly runId: string;
}

/** How far a relay is. */
export interface CursorState {
  readonly version: 1;
  /** The probe whose runs are relayed; null for all. */
  readonly probe: string | null;
  /** The last one acknowledged; absent before the first. */
  readonly probeRun?: ProbePosition | undefined;
  /** Of each run by its id: the number of acknowledged events, or that it has ended. */
  readonly runs: Readonly<Record<string, number | 'ended'>>;
}

const position = z.strictObject({ sequence: z.int().min(0), runId: z.string() });
const schema = z.strictObject({
  version: z.literal(1),
  probe: z.string().nullable(),
  probeRun: position.optional(),
  runs: z.record(z.string(), z.union([z.int().min(0), z.literal('ended')])),
});

/** How far a relay is, kept in a file. */
export interface Cursor {
  readonly state: CursorState;
  /** Resolved when the change is on the disk. */
  save(change: Partial<Pick<CursorState, 'probeRun' | 'runs'>>): Promise<void>;
}

/**
 * Opens a cursor. A file that cannot be understood is told and begun anew: what is sent again has the ids that it had.
 *
 * @param probe the probe whose runs are relayed; null for all
 * @throws UsageError. Thrown when the file is that of another probe, for what that one left out would be missed, or of a later
 *   robustgate, or cannot be read or written.
 */
export async function openCursor(path: string, probe: string | null, log: (text: string) => void): Promise<Cursor> {
  let state = await read(path, log);
  if (state.probeRun !== undefined && state.probe !== probe) {
    const name = (of: string | null): string => (of === null ? 'all probes' : `the probe ${of}`);
    throw new UsageError(`expected a cursor of ${name(probe)} in ${path}, got one of ${name(state.probe)}`);
  }
  state = { ...state, probe };
  let last: Promise<void> = write(path, state).catch((cause) => {
    throw new UsageError(`expected a file that can be written in ${path}, got: ${(cause as Error).message}`, { cause });
  });
  await last;
  return {
    get state() {
      return state;
    },
    save(change) {
      state = { ...state, ...change };
      const next = state;
      // One after the other: they share the name of the unfinished file. One that failed does not stop the next.
      last = last.catch(() => undefined).then(() => write(path, next));
      return last;
    },
  };
}

const EMPTY: CursorState = { version: 1, probe: null, runs: {} };

async function read(path: string, log: (text: string) => void): Promise<CursorState> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY;
    throw new UsageError(`expected a file that can be read in ${path}, got: ${(cause as Error).message}`, { cause });
  }
  const value = parse(text);
  const version = (value as { version?: unknown } | null | undefined)?.version;
  if (typeof version === 'number' && version > 1) {
    throw new UsageError(`expected a cursor of version 1 in ${path}, got version ${version}`);
  }
  const { data } = schema.safeParse(value);
  if (data !== undefined) return data;
  log(`${path} is no cursor, or not a whole one: beginning with the oldest that is kept`);
  return EMPTY;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Written beside it, on the disk, then renamed: after a loss of power the file is the one before or the one after. */
async function write(path: string, state: CursorState): Promise<void> {
  const unfinished = `${path}.tmp`;
  const file = await open(unfinished, 'w');
  try {
    await file.writeFile(`${JSON.stringify(state)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
