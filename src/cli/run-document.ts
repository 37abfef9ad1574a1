import { type Run, RunKind, RunState } from '../clients/index.js';
import { enumName, wordOf } from './format.js';

/** What a run is, in the words of the command line: `attack` or `gradient-norm`. */
const kindText = ({ kind }: Run): string => wordOf(enumName(RunKind, kind));

/** How it stands with a run, e.g. `completed`. */
export const stateText = ({ state }: Run): string => wordOf(enumName(RunState, state));

/** A run with its enums by name: `state` is also that of a model elsewhere. */
export const runDocument = (run: Run): object => ({ ...run, kind: kindText(run), state: stateText(run) });
