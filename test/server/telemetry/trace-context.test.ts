import test from 'ava';
import { formatTraceParent, parseTraceParent } from '../../../src/server/telemetry/trace-context.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

for (const [traceParent, flags] of [
  [`00-${TRACE}-${SPAN}-01`, 1],
  [`00-${TRACE}-${SPAN}-00`, 0],
  // Flags that we do not know are nobody's business.
  [`00-${TRACE}-${SPAN}-03`, 1],
  // A later version may say more.
  [`01-${TRACE}-${SPAN}-01-more`, 1],
] as const) {
  test(`${traceParent} is continued`, (t) => {
    t.like(parseTraceParent(traceParent), { traceId: TRACE, spanId: SPAN, traceFlags: flags, isRemote: true });
  });
}

for (const traceParent of [
  undefined,
  '',
  'nonsense',
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}`,
]) {
  test(`${traceParent ?? 'no header'} is no trace: one begins here`, (t) => {
    t.is(parseTraceParent(traceParent), undefined);
  });
}

test('a trace goes on as it came, with its state', (t) => {
  const traceParent = `00-${TRACE}-${SPAN}-01`;
  const context = parseTraceParent(traceParent, 'vendor=1');
  t.is(context && formatTraceParent(context), traceParent);
  t.is(context?.traceState?.get('vendor'), '1');
});
