import test from 'ava';
import { createProgress, type ProgressMode, progressLine } from '../../src/cli/progress.js';

const state = { phase: 'attacking', fraction: 0.5, facts: ['step 5/10', 'loss 1.25'], etaSeconds: 12 };

for (const [width, line] of [
  [100, 'attacking  ████████████░░░░░░░░░░░░  50 %  step 5/10  loss 1.25  12 s left'],
  [70, 'attacking  ████████████░░░░░░░░░░░░  50 %  step 5/10  12 s left'],
  [60, 'attacking  ████████████░░░░░░░░░░░░  50 %  12 s left'],
  [40, 'attacking  ████░░░░  50 %  12 s left'],
  [30, 'attacking  50 %  12 s left'],
  [18, 'attacking  50 %'],
  [4, 'atta'],
] as const) {
  test(`on ${width} columns the line is "${line}"`, (t) => {
    t.is(progressLine(state, width, false), line);
    t.true(line.length <= width);
  });
}

test('without a fraction there is no bar', (t) => {
  t.is(progressLine({ phase: 'queued, 2 ahead' }, 80, true), 'queued, 2 ahead');
});

test('colours only surround the bar', (t) => {
  t.is(progressLine({ phase: 'p', fraction: 0.5 }, 20, true), 'p  \u001b[36m████\u001b[39m░░░░  50 %');
});

function recorded(
  stderr: { isTTY?: boolean; columns?: number },
  env: Record<string, string> = {},
  mode: ProgressMode = 'auto',
) {
  const written: string[] = [];
  const clock = { now: 0 };
  const sink = { write: (text: string) => written.push(text) };
  const context = { env, signal: new AbortController().signal, stdout: sink, stderr: { ...stderr, ...sink } };
  return { written, clock, progress: createProgress(context, () => clock.now, mode) };
}

test('a terminal has one line that is rewritten a few times a second and wiped at the end', (t) => {
  const { written, clock, progress } = recorded({ isTTY: true, columns: 40 }, { NO_COLOR: '1' });
  progress.update({ phase: 'a' });
  progress.update({ phase: 'b' });
  clock.now = 100;
  progress.update({ phase: 'c' });
  progress.log('warning');
  progress.update({ phase: 'd' });
  progress.end();
  progress.end();
  const wipe = '\r\u001b[2K';
  t.deepEqual(written, [`${wipe}a`, `${wipe}c`, `${wipe}`, 'warning\n', `${wipe}d`, `${wipe}`]);
});

for (const [title, stderr, env] of [
  ['a file', {}, {}],
  ['a dumb terminal', { isTTY: true }, { TERM: 'dumb' }],
] as const) {
  test(`${title} gets JSON lines: every change of phase, and one a second`, (t) => {
    const { written, clock, progress } = recorded(stderr, env);
    progress.update({ phase: 'queued', data: { queuePosition: 1 } });
    progress.update({ phase: 'queued' });
    progress.update({ phase: 'attacking', fraction: 0.5, facts: ['unseen'] });
    clock.now = 1001;
    progress.update({ phase: 'attacking', etaSeconds: 3 });
    progress.log('careful');
    progress.end();
    t.true(written.every((line) => line.endsWith('\n')));
    t.deepEqual(
      written.map((line) => JSON.parse(line)),
      [
        { event: 'progress', phase: 'queued', queuePosition: 1 },
        { event: 'progress', phase: 'attacking', fraction: 0.5 },
        { event: 'progress', phase: 'attacking', etaSeconds: 3 },
        { event: 'log', message: 'careful' },
      ],
    );
  });
}

for (const [mode, stderr, expected] of [
  ['none', { isTTY: true }, ['said\n']],
  ['ndjson', { isTTY: true }, ['{"event":"progress","phase":"a"}\n', '{"event":"log","message":"said"}\n']],
  ['bar', {}, ['\r\u001b[2Ka', '\r\u001b[2K', 'said\n']],
] as const) {
  test(`${mode} is shown wherever stderr goes`, (t) => {
    const { written, progress } = recorded(stderr, {}, mode);
    progress.update({ phase: 'a' });
    progress.log('said');
    progress.end();
    t.deepEqual(written, [...expected]);
  });
}
