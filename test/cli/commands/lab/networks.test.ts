import test from 'ava';
import { runCli } from '../../../support/run-cli.js';

test('lab networks names every network with its tasks and decoders', async (t) => {
  const { code, stdout } = await runCli(['lab', 'networks']);
  t.is(code, 0);
  t.regex(stdout, /^drn-d-22: .*\n {2}tasks: segmentation, depth, reconstruction\n {2}decoders: shared, separate$/m);
  t.regex(stdout, /^resnet18-taskonomy-small: /m);
});

test('lab networks --json is one document', async (t) => {
  const { stdout } = await runCli(['lab', 'networks', '--json']);
  const { networks } = JSON.parse(stdout);
  t.deepEqual(
    networks.map(({ name }: { name: string }) => name),
    ['drn-d-22', 'drn-d-105', 'resnet18-taskonomy', 'drn-d-22-small', 'resnet18-taskonomy-small', 'street'],
  );
});
