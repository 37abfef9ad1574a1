import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { EngineError } from '../../engine/index.js';
import { writeDurably } from './durable-file.js';

/** All that a training goes on from. */
export interface Checkpoint {
  /** What decides the weights: a training of another identity must not go on from here. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** Steps done. */
  readonly step: number;
  /** Time that they took. */
  readonly seconds: number;
  /** Parameters and running statistics, by name. */
  readonly state: ReadonlyMap<string, Float32Array>;
  /** What the optimizer remembers, by slot and name. */
  readonly slots: ReadonlyMap<string, ReadonlyMap<string, Float32Array>>;
}

const MAGIC = 'RGCKPT01';

const headerSchema = z.object({
  identity: z.record(z.string(), z.unknown()),
  step: z.int().min(0),
  seconds: z.number(),
  sha256: z.string(),
  arrays: z.array(z.object({ slot: z.string(), name: z.string(), length: z.int().min(0) })),
});

/** The slot of the weights themselves. */
const STATE = 'state';

/**
 * Writes a checkpoint over the one before, durably and in one go. The file: 8 bytes that name the form, the length of a JSON
 * text in 8 bytes (little-endian), the text, and the arrays that it lists as raw little-endian float32, one after the other.
 */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const { identity, step, seconds, state, slots } = checkpoint;
  const entries = [[STATE, state] as const, ...slots].flatMap(([slot, arrays]) =>
    [...arrays].map(([name, values]) => ({ slot, name, values })),
  );
  const payload = entries.map(({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const arrays = entries.map(({ slot, name, values }) => ({ slot, name, length: values.length }));
  const header = Buffer.from(JSON.stringify({ identity, step, seconds, sha256: sha256Of(payload), arrays }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  await writeDurably(path, [MAGIC, length, header, ...payload]);
}

/**
 * Reads a checkpoint.
 *
 * @returns `undefined` where there is no file
 * @throws EngineError `INVALID_OPTION`. Thrown when it is none, or was damaged.
 */
export async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  const file = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  if (file.toString('latin1', 0, MAGIC.length) !== MAGIC) throw damaged(path, `a file that begins with ${MAGIC}`);
  const start = MAGIC.length + 8;
  const end = start + Number(file.readBigUInt64LE(MAGIC.length));
  const header = headerSchema.parse(JSON.parse(file.toString('utf8', start, end)));
  const payload = file.subarray(end);
  if (sha256Of([payload]) !== header.sha256) throw damaged(path, `${header.sha256} as SHA-256 of its numbers`);
  const slots = new Map<string, Map<string, Float32Array>>([[STATE, new Map()]]);
  let offset = end;
  for (const { slot, name, length } of header.arrays) {
    // Copied: the numbers need not begin at a multiple of four bytes.
    const values = new Float32Array(Uint8Array.from(file.subarray(offset, offset + 4 * length)).buffer);
    const known = slots.get(slot) ?? new Map<string, Float32Array>();
    slots.set(slot, known.set(name, values));
    offset += 4 * length;
  }
  const { identity, step, seconds } = header;
  const state = slots.get(STATE) ?? new Map<string, Float32Array>();
  slots.delete(STATE);
  return { identity, step, seconds, state, slots };
}

/**
 * Makes sure that a checkpoint is of the training that is to go on.
 *
 * @throws EngineError `INVALID_OPTION`. Thrown when it is not; the message names what differs.
 */
export function requireSameTraining(
  { identity }: Pick<Checkpoint, 'identity'>,
  expected: Checkpoint['identity'],
  path: string,
): void {
  const [was, is] = [flatten(identity), flatten(expected)];
  const differences = [...new Set([...was.keys(), ...is.keys()])].filter((key) => was.get(key) !== is.get(key));
  if (differences.length === 0) return;
  const list = differences.map((key) => `${key} ${was.get(key) ?? 'none'}, got ${is.get(key) ?? 'none'}`).join('; ');
  throw new EngineError(
    'INVALID_OPTION',
    `expected the training of ${path}, with ${list}: take another folder, or delete that file to begin anew`,
  );
}

/** Every value of a document by its path. */
function flatten(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[path, JSON.stringify(value) ?? 'none']]);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return new Map(entries.flatMap(([key, inner]) => [...flatten(inner, path === '' ? key : `${path}.${key}`)]));
}

function sha256Of(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

const damaged = (path: string, expected: string): EngineError =>
  new EngineError('INVALID_OPTION', `expected a checkpoint in ${path}, ${expected}, got another: it was damaged`);
