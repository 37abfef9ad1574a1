import test from 'ava';
import { newRunId, replicaOf } from '../../../src/server/runs/run-id.js';

test('a run id names its replica and can stand in an address', (t) => {
  const id = newRunId('gateway-0');
  t.regex(id, /^gateway-0\.[0-9a-f-]{36}$/);
  t.is(encodeURIComponent(id), id);
  t.is(replicaOf(id), 'gateway-0');
  t.not(newRunId('gateway-0'), id);
});

const uuid = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
for (const id of ['', uuid, `.${uuid}`, `a.b.${uuid}`, `evil.example/.${uuid}`, `a/b.${uuid}`, `a.${uuid}x`, 'a.b']) {
  test(`"${id}" names no replica`, (t) => {
    t.is(replicaOf(id), undefined);
  });
}
