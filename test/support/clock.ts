import type { CallKind, RunContext } from '../../src/engine/runs/served-model.js';
import { freely } from './street.js';

/** A clock that native calls move on, each by as long as its kind takes, and what they were. */
export interface Clock {
  readonly context: RunContext;
  readonly calls: CallKind[];
  /** Milliseconds since the start. */
  elapsed: number;
}

/** The surroundings of a run in which a call takes the milliseconds that `durations` says, and nothing else takes time. */
export function clockwork(durations: Partial<Record<CallKind, number>>, change: Partial<RunContext> = {}): Clock {
  // A run looks at the clock as its call begins: from then on it is later by what the call takes.
  let begun = 0;
  const clock: Clock = {
    calls: [],
    elapsed: 0,
    context: freely({
      now() {
        const moment = clock.elapsed;
        clock.elapsed += begun;
        begun = 0;
        return moment;
      },
      gate: {
        sharing: 1,
        run(kind, _, __, call) {
          clock.calls.push(kind);
          begun = durations[kind] ?? 0;
          return call();
        },
      },
      ...change,
    }),
  };
  return clock;
}
