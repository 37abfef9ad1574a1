import type { ComputeGate } from './served-model.js';

/** Steps and compiles wait for their turn here, as those of any model; the attacked one is asked elsewhere. */
export const transferGate = (native: ComputeGate, remote: ComputeGate): ComputeGate => ({
  get sharing() {
    return native.sharing;
  },
  run: (kind, estimateMs, signal, call) =>
    (kind === 'step' || kind === 'compile' ? native : remote).run(kind, estimateMs, signal, call),
});
