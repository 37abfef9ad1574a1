import type { CliContext, TextSink } from './context.js';
import { secondsOf } from './format.js';

/** How far something is. */
export interface ProgressState {
  /** What it is busy with, e.g. `attacking`. */
  readonly phase: string;
  /** Between 0 and 1; `undefined` where nobody knows. */
  readonly fraction?: number | undefined;
  /** Facts, the most important one first. */
  readonly facts?: readonly string[];
  readonly etaSeconds?: number | undefined;
  /** What machines read instead of the facts. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Shows progress on stderr. */
export interface Progress {
  update(state: ProgressState): void;
  /** Writes a line that stays. */
  log(text: string): void;
  /** Leaves the terminal as it was. Nothing may follow. */
  end(): void;
}

export const PROGRESS_MODES = ['auto', 'bar', 'ndjson', 'none'] as const;
/** `auto`: a bar on a terminal, else JSON lines; `none`: only what is logged. */
export type ProgressMode = (typeof PROGRESS_MODES)[number];

/** One live line, or JSON lines. */
export function createProgress(
  { stderr, env }: CliContext,
  now: () => number = () => performance.now(),
  mode: ProgressMode = 'auto',
): Progress {
  if (mode === 'none') return onlyLogs(stderr);
  const isLive = mode === 'bar' || (mode === 'auto' && stderr.isTTY === true && env.TERM !== 'dumb');
  return isLive ? liveLine(stderr, (env.NO_COLOR ?? '') === '', now) : jsonLines(stderr, now);
}

const onlyLogs = (stderr: TextSink): Progress => ({
  update: () => {},
  log: (text) => stderr.write(`${text}\n`),
  end: () => {},
});

const LIVE_INTERVAL_MS = 80;
const LINE_INTERVAL_MS = 1000;
const CLEAR = '\r\u001b[2K';

function liveLine(stderr: TextSink, hasColors: boolean, now: () => number): Progress {
  let last = Number.NEGATIVE_INFINITY;
  let isShown = false;
  const clear = (): void => {
    if (isShown) stderr.write(CLEAR);
    isShown = false;
  };
  return {
    update(state) {
      if (now() - last < LIVE_INTERVAL_MS) return;
      last = now();
      stderr.write(`${CLEAR}${progressLine(state, (stderr.columns ?? 80) - 1, hasColors)}`);
      isShown = true;
    },
    log(text) {
      clear();
      stderr.write(`${text}\n`);
      last = Number.NEGATIVE_INFINITY;
    },
    end: clear,
  };
}

function jsonLines(stderr: TextSink, now: () => number): Progress {
  let last = Number.NEGATIVE_INFINITY;
  let phase = '';
  return {
    update(state) {
      // Every change of phase, and once a second between: a log is read, not watched.
      if (state.phase === phase && now() - last < LINE_INTERVAL_MS) return;
      last = now();
      phase = state.phase;
      const { fraction, etaSeconds, data } = state;
      stderr.write(`${JSON.stringify({ event: 'progress', phase, fraction, etaSeconds, ...data })}\n`);
    },
    log: (message) => stderr.write(`${JSON.stringify({ event: 'log', message })}\n`),
    end: () => {},
  };
}

/** The line of at most `width` characters that says the most: facts leave first, then the bar, then the time left. */
export function progressLine(state: ProgressState, width: number, hasColors: boolean): string {
  const { phase, fraction, facts = [], etaSeconds } = state;
  const percent = fraction === undefined ? [] : [`${Math.floor(fraction * 100)} %`];
  const eta = etaSeconds === undefined ? [] : [`${secondsOf(etaSeconds)} left`];
  const barsOf = (cells: number): string[] => (fraction === undefined ? [] : [bar(fraction, cells)]);
  const lines = [
    ...facts.map((_, i) => [phase, ...barsOf(24), ...percent, ...facts.slice(0, facts.length - i), ...eta]),
    [phase, ...barsOf(24), ...percent, ...eta],
    [phase, ...barsOf(8), ...percent, ...eta],
    [phase, ...percent, ...eta],
    [phase, ...percent],
  ].map((parts) => parts.join('  '));
  const line = lines.find(({ length }) => length <= width) ?? phase.slice(0, Math.max(0, width));
  return hasColors ? line.replace(/█+/, (cells) => `\u001b[36m${cells}\u001b[39m`) : line;
}

function bar(fraction: number, cells: number): string {
  const full = Math.round(Math.min(Math.max(fraction, 0), 1) * cells);
  return `${'█'.repeat(full)}${'░'.repeat(cells - full)}`;
}
