import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readConfig, startLocalGateway } from '../../src/cli/local-gateway.js';
import { PACKAGE_ROOT } from '../../src/cli/package-version.js';
import { connect } from '../../src/clients/index.js';
import { runCli } from '../support/run-cli.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const models = fileURLToPath(new URL('demo/models', PACKAGE_ROOT));

/** The command of a help's example, with its files found and its braces spread as a shell does. */
async function exampleOf(name: string): Promise<string[]> {
  const { stdout } = await runCli([name, '--help']);
  const text = (stdout.split('Example:\n  robustgate ')[1] ?? '').replaceAll('\\\n', ' ');
  const words = [...text.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const spread = words.flatMap((word) =>
    word.includes('{0,1}') ? [word.replace('{0,1}', '0'), word.replace('{0,1}', '1')] : [word],
  );
  return spread.map((word) =>
    word.replace(/demo\/(models|scenes)/g, (path) => fileURLToPath(new URL(path, PACKAGE_ROOT))),
  );
}

test('a gateway of its own starts with nothing said of its threads, as scripts start it', async (t) => {
  const gateway = await startLocalGateway(models, { stderr: { write: (text) => t.fail(`${text}`) } });
  t.teardown(() => gateway.close());
  t.regex(gateway.grpcAddress, /^127\.0\.0\.1:\d+$/);
});

test('the example of models describes the street model', async (t) => {
  const { code, stdout } = await runCli(await exampleOf('models'));
  t.is(code, 0);
  t.regex(stdout, /^depth +depth +1×64×128 +l1 +absolute-error in disparity\/1000 +yes$/m);
});

test('the example of predict gives classes and a metric', async (t) => {
  const { code, stdout } = await runCli(await exampleOf('predict'));
  t.is(code, 0);
  t.regex(stdout, /segmentation +map 64×128: building, road, sky … +miou 0\.7802/);
});

test('the example of gradient-norm gives both factors', async (t) => {
  const { code, stdout } = await runCli(await exampleOf('gradient-norm'));
  t.is(code, 0);
  t.regex(stdout, /^Theorem 1 factor 0\.\d{4}$/m);
  t.regex(stdout, /^Gram factor +0\.\d{4}$/m);
});

test('the example of attack lowers the metric, and writes files that the model then reads', async (t) => {
  const folder = await temporaryFolder(t);
  const words = (await exampleOf('attack')).map((word) => (word === 'adversarial' ? folder : word));
  const { code, stdout } = await runCli([...words, '--json', '--require', 'segmentation>=0.7']);
  t.is(code, 1);
  const { clean, adversarial8bit } = JSON.parse(stdout).summary.tasks[0];
  t.true(clean.value > 0.8 && adversarial8bit.value < 0.7, `${clean.value} → ${adversarial8bit.value}`);
  const files = await readdir(folder);
  t.is(files.length, 2 * 4);
  const png = files.filter((name) => name.endsWith('.adversarial.png') && !name.includes('segmentation'));
  const labels = png.map((name) => {
    const scene = name.replace('_leftImg8bit.adversarial.png', '_gtFine_trainIds.png');
    return [
      '--label',
      `segmentation=${fileURLToPath(new URL(`demo/scenes/gtFine/val/street/${scene}`, PACKAGE_ROOT))}`,
    ];
  });
  const again = ['predict', '--local', '--models', models, '--model', 'street', '--json', ...labels.flat()];
  const reply = JSON.parse((await runCli([...again, '--image', ...png.map((name) => join(folder, name))])).stdout);
  const confusions: number[][] = reply.predictions.map(
    ({ tasks }: { tasks: { metric: { confusion: number[] } }[] }) => tasks[0]?.metric.confusion ?? [],
  );
  const total = (confusions[0] ?? []).map((_, i) =>
    confusions.reduce((sum, confusion) => sum + (confusion[i] ?? 0), 0),
  );
  t.deepEqual(total, adversarial8bit.confusion);
});

test('serve answers calls until it is told to stop, then exits with 0', async (t) => {
  const stop = new AbortController();
  const { promise: isUp, resolve } = deferred<string>();
  const serving = runCli(
    ['serve', '--models', models, '--grpc-address', '127.0.0.1:0', '--admin-address', '127.0.0.1:0'],
    {
      signal: stop.signal,
      onStderr: (line) => {
        const address = /gRPC on (\S+),/.exec(line)?.[1];
        if (address !== undefined) resolve(address);
      },
    },
  );
  const client = connect(await isUp);
  t.deepEqual(
    (await client.listModels()).models.map(({ name }) => name),
    ['street'],
  );
  client.close();
  stop.abort();
  const { code, stdout } = await serving;
  t.is(code, 0);
  t.is(stdout, '');
});

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

test('serve --check-config says whether a configuration is valid, and binds nothing', async (t) => {
  const folder = await temporaryFolder(t);
  const config = join(folder, 'gateway.yaml');
  await writeFile(config, 'grpcAddress: 0.0.0.0:8001\nmodelRepositry: x\n');
  const wrong = await runCli(['serve', '--config', config, '--check-config']);
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /^robustgate: INVALID_CONFIG: /);
  t.regex(wrong.stderr, /^ {2}.*modelRepository/m);
  await writeFile(config, 'grpcAddress: 0.0.0.0:8001\n');
  const right = await runCli([
    'serve',
    '--config',
    config,
    '--models',
    models,
    '--grpc-address',
    '127.0.0.1:9',
    '--check-config',
  ]);
  t.deepEqual(right, { code: 0, stdout: 'the configuration is valid\n', stderr: '' });
});

test('options override the configuration, and what is not given is left alone', async (t) => {
  const text = 'modelRepository: a\nthreads: 3\n';
  const config = await readConfig({ text, overrides: { modelRepository: 'b', grpcAddress: undefined } });
  t.like(config, { modelRepository: 'b', threads: 3, grpcAddress: '127.0.0.1:8001' });
  for (const overrides of [{}, { modelRepository: 'b' }]) {
    await t.throwsAsync(readConfig({ text: 'a: [', overrides }), { message: /expected YAML in the configuration/ });
  }
});

test('a model repository that is not there is told', async (t) => {
  const { code, stderr } = await runCli(['models', '--local', '--models', join(models, 'nowhere')]);
  t.is(code, 2);
  t.regex(stderr, /no such file or directory.*nowhere/);
});
