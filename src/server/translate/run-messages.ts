import { RunKind, RunState, type Run as WireRun } from '../../contract/robustgate/v1/run.js';
import type { RunKindName, RunRow, RunStateName } from '../runs/run-row.js';

const KINDS: Readonly<Record<RunKindName, RunKind>> = {
  attack: RunKind.ATTACK,
  'gradient-norm': RunKind.GRADIENT_NORM,
};

const STATES: Readonly<Record<RunStateName, RunState>> = {
  queued: RunState.QUEUED,
  running: RunState.RUNNING,
  completed: RunState.COMPLETED,
  failed: RunState.FAILED,
  cancelled: RunState.CANCELLED,
};

/** The name of a state of the contract; `undefined` where there is none of that number. */
export const stateName = (state: RunState): RunStateName | undefined =>
  (Object.keys(STATES) as RunStateName[]).find((name) => STATES[name] === state);

/** A run as clients see it. */
export const writeRun = (row: RunRow): WireRun => ({
  id: row.id,
  kind: KINDS[row.kind],
  state: STATES[row.state],
  modelName: row.modelName,
  modelVersion: row.modelVersion,
  modelSha256: row.modelSha256,
  specText: row.specText,
  principal: row.principal,
  requestId: row.requestId ?? '',
  detached: row.isDetached,
  resultsKept: row.results === 'kept',
  terminatedBy: row.terminatedBy as WireRun['terminatedBy'],
  examplesDone: row.examplesDone,
  examplesTotal: row.examplesTotal,
  createdMs: BigInt(row.createdMs),
  startedMs: row.startedMs === undefined ? undefined : BigInt(row.startedMs),
  finishedMs: row.finishedMs === undefined ? undefined : BigInt(row.finishedMs),
  errorCode: row.errorCode,
  errorMessage: row.errorMessage,
});
