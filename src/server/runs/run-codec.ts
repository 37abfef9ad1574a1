import { AttackResponse, RunPhase, type TerminatedBy } from '../../contract/robustgate/v1/attack.js';
import { GradientNormResponse } from '../../contract/robustgate/v1/gradient_norm.js';
import type { WatchRunResponse } from '../../contract/robustgate/v1/run.js';
import type { RunKindName } from './run-row.js';

/** A message of a run of either kind. */
export type RunResponse = AttackResponse | GradientNormResponse;

/** How messages of one kind of run are stored. */
export interface RunCodec<Response extends RunResponse> {
  readonly kind: RunKindName;
  encode(message: Response): Uint8Array;
  decode(bytes: Uint8Array): Response;
  watched(message: Response): WatchRunResponse;
}

export const ATTACK_CODEC: RunCodec<AttackResponse> = {
  kind: 'attack',
  encode: (message) => AttackResponse.encode(message).finish(),
  decode: (bytes) => AttackResponse.decode(bytes),
  watched: (value) => ({ event: { $case: 'attack', value } }),
};

export const GRADIENT_NORM_CODEC: RunCodec<GradientNormResponse> = {
  kind: 'gradient-norm',
  encode: (message) => GradientNormResponse.encode(message).finish(),
  decode: (bytes) => GradientNormResponse.decode(bytes),
  watched: (value) => ({ event: { $case: 'gradientNorm', value } }),
};

/** What a message says of its run. */
export type RunStep =
  | { readonly type: 'started' | 'queued' | 'progress' | 'chunk' | 'result' | 'point' }
  | { readonly type: 'summary'; readonly terminatedBy: TerminatedBy };

/** Reads what a message says of its run. */
export function stepOf({ event }: RunResponse): RunStep {
  switch (event?.$case) {
    case 'progress':
      return { type: event.value.phase === RunPhase.QUEUED ? 'queued' : 'progress' };
    case 'summary':
      return { type: 'summary', terminatedBy: event.value.terminatedBy };
    case 'started':
    case 'chunk':
    case 'result':
      return { type: event.$case };
    default:
      return { type: 'point' };
  }
}
