import { createHash } from 'node:crypto';
import type { NewRun } from '../../src/server/runs/run-row.js';

/** Messages of a result: they are stored together or not at all. */
export const PARTS = 3;

/** A run as the gateway stores it. */
export const storedRun = (id: string, change: Partial<NewRun> = {}): NewRun => ({
  id,
  kind: 'attack',
  modelName: 'toy',
  modelVersion: '1',
  modelSha256: 'sha',
  specText: 'pgd(steps=1,eps=4)@sum(scene=1)',
  principal: '',
  requestId: undefined,
  requestDigest: undefined,
  isDetached: true,
  isKept: true,
  examplesTotal: 3,
  state: 'running',
  createdMs: 1000,
  ...change,
});

/** Bytes that only this message of this run has: 8 KiB or so, more than a page of the file. */
export function messageOf(id: string, position: number): Uint8Array {
  const seed = createHash('sha256').update(`${id} ${position}`).digest();
  return Buffer.concat(Array.from({ length: 250 + position }, () => seed));
}
