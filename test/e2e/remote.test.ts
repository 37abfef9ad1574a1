// A gateway whose model another gateway serves, in a process of its own, behind a network that can be made worse.
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import {
  AttackField,
  type Client,
  collectAttack,
  PredictField,
  type RobustgateError,
  TerminatedBy,
} from '../../src/clients/index.js';
import type { EvaluationResult } from '../../src/engine/index.js';
import type { Gateway } from '../../src/server/index.js';
import { type FaultProxy, faultProxy } from '../support/fault-proxy.js';
import { addVersion, copyDemoModels, demoModels, gatewayOf, sceneExample } from '../support/gateway.js';
import { runCli } from '../support/run-cli.js';
import { root } from '../support/street.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { similarModel } from '../support/worse-model.js';

/** A process of `robustgate serve` on the demo model; the address of its gRPC port. */
async function upstream(t: ExecutionContext): Promise<string> {
  const config = join(await temporaryFolder(t), 'gateway.yaml');
  const address = '127.0.0.1:0';
  const lines = { modelRepository: demoModels, grpcAddress: address, adminAddress: address, threads: 1 };
  await writeFile(config, JSON.stringify(lines));
  const child = spawn(process.execPath, [join(root, 'bin/robustgate.js'), 'serve', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  return await new Promise<string>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const [, bound] = /gRPC on (\S+),/.exec(line) ?? [];
      if (bound !== undefined) resolve(bound);
    });
  });
}

/** `model.yaml` of the demo, with the model elsewhere. */
async function remoteConfig(endpoint: string, lines = ''): Promise<string> {
  const demo = await readFile(join(demoModels, 'street/model.yaml'), 'utf8');
  return `${demo}\nengine: remote\nremote:\n  endpoint: ${endpoint}\n  model: street\n${lines}`;
}

interface Setting {
  readonly client: Client;
  readonly proxy: FaultProxy;
  readonly gateway: Gateway;
}

/** A gateway with the demo model as `street`, and from the other process as `far`. */
async function start(t: ExecutionContext, lines = ''): Promise<Setting> {
  const proxy = await faultProxy(t, await upstream(t), { latencyMs: 2, pieceBytes: 20_000 });
  const repository = await temporaryFolder(t);
  await copyDemoModels(repository);
  await mkdir(join(repository, 'far/1'), { recursive: true });
  await writeFile(join(repository, 'far/model.yaml'), await remoteConfig(proxy.address, lines));
  const { client, gateway } = await gatewayOf(t, repository, {
    children: true,
    config: { threads: 1, pollSeconds: 0.5 },
  });
  return { client, proxy, gateway };
}

const floats = (data: Uint8Array | undefined): Float32Array => new Float32Array(Uint8Array.from(data ?? []).buffer);

const predict = (client: Client, modelName: string, count = 1) =>
  client.predict({
    modelName,
    examples: Array.from({ length: count }, (_, i) => sceneExample(i)),
    fields: [PredictField.RAW],
  });

test.serial(
  'a remote model predicts what the same model does here, batches that it does not take included',
  async (t) => {
    const { client } = await start(t, '  maxBatch: 2\n');
    const [here, far] = [await predict(client, 'street', 3), await predict(client, 'far', 3)];
    t.is(far.predictions.length, 3);
    for (const [n, { tasks }] of far.predictions.entries()) {
      t.is(tasks.length, 3);
      for (const [c, { task, raw }] of tasks.entries()) {
        const expected = floats(here.predictions[n]?.tasks[c]?.raw?.data);
        const actual = floats(raw?.data);
        t.is(actual.length, expected.length);
        const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        const worst = actual.reduce((most, x, i) => Math.max(most, Math.abs(x - (expected[i] as number))), 0);
        t.true(worst <= 1e-5 * largest, `${task}: off by ${worst} of ${largest}`);
      }
    }
    const { model } = await client.getModel({ name: 'far' });
    t.is(model?.engine, 'remote');
    t.is(model?.provider, 'remote');
    t.deepEqual(
      model?.tasks.map(({ attackable }) => attackable),
      [false, false, false],
    );
    t.not(model?.sha256, (await client.getModel({ name: 'street' })).model?.sha256);
  },
);

test.serial(
  'a remote model is attacked by queries, which are counted, and by nothing that needs a gradient',
  async (t) => {
    const { client } = await start(t);
    const attack = (modelName: string, name: string, steps: number) =>
      collectAttack(
        client.attack({
          modelName,
          examples: [sceneExample(0), sceneExample(1), sceneExample(2)],
          attack: { name, steps, epsilon: 8 },
          objective: { tasks: [{ task: 'depth' }] },
        }),
      );
    const { results, summary } = await attack('far', 'square', 12);
    t.deepEqual(
      results.map(({ result }) => [result.steps, result.terminatedBy]),
      Array.from({ length: 3 }, () => [12, TerminatedBy.COMPLETED]),
    );
    t.is(Number(summary.imageSteps), 36);
    t.is(summary.provenance?.provider, 'remote');
    // The same random search on the same model here ends at the same loss, but for last bits.
    const here = await attack('street', 'square', 12);
    for (const [n, { result }] of results.entries()) {
      const loss = result.tasks.find(({ task }) => task === 'depth');
      const other = here.results[n]?.result.tasks.find(({ task }) => task === 'depth');
      t.true((loss?.adversarialLoss ?? 0) > (loss?.cleanLoss ?? NaN));
      t.true(Math.abs((loss?.adversarialLoss ?? NaN) / (other?.adversarialLoss ?? NaN) - 1) < 0.02);
    }
    const error = await t.throwsAsync<RobustgateError>(attack('far', 'pgd', 5));
    t.is(error?.code, 'GRADIENT_UNAVAILABLE');
    t.regex(error?.message ?? '', /remote.*square/);
  },
);

/** Models by name, with a remote of which the named one is the surrogate. */
async function startTransfer(t: ExecutionContext, surrogate: string, model: (demo: Uint8Array) => Uint8Array) {
  const repository = await temporaryFolder(t);
  await copyDemoModels(repository);
  const config = await readFile(join(repository, 'street/model.yaml'), 'utf8');
  const demo = await readFile(join(repository, 'street/1/model.onnx'));
  if (surrogate !== 'street') await addVersion(repository, surrogate, '1', { config, model: model(demo) });
  await mkdir(join(repository, 'far/1'), { recursive: true });
  const lines = `  surrogate: { model: ${surrogate} }\n`;
  await writeFile(join(repository, 'far/model.yaml'), await remoteConfig(await upstream(t), lines));
  return await gatewayOf(t, repository, { children: true, config: { threads: 1, modelControl: 'explicit' } });
}

const SCENES = [0, 1, 2].map((i) => sceneExample(i));
const pgdOn = (client: Client, modelName: string) =>
  collectAttack(
    client.attack({
      modelName,
      examples: SCENES,
      attack: { name: 'pgd', steps: 10, epsilon: 4 },
      objective: { tasks: [{ task: 'segmentation' }] },
      fields: [AttackField.ADVERSARIAL_TENSOR],
    }),
  );

test.serial('a transfer from the very bytes that the remote serves is the white-box attack', async (t) => {
  const { client, gateway } = await startTransfer(t, 'street', (demo) => demo);
  const [white, transfer] = [await pgdOn(client, 'street'), await pgdOn(client, 'far')];
  for (const [n, { result, payloads }] of transfer.results.entries()) {
    t.deepEqual(payloads, white.results[n]?.payloads, 'the same pixels to the last bit');
    const { tasks, warnings, ...rest } = result;
    const { tasks: expected, warnings: none, ...expectedRest } = white.results[n]?.result ?? result;
    t.deepEqual(rest, expectedRest);
    t.deepEqual(
      tasks.map(({ adversarial, clean, adversarial8bit }) => [clean, adversarial, adversarial8bit]),
      expected.map(({ adversarial, clean, adversarial8bit }) => [clean, adversarial, adversarial8bit]),
    );
    t.deepEqual(none, []);
    t.deepEqual(
      warnings.map(({ reason }) => reason),
      ['TRANSFER'],
    );
  }
  const { model } = await client.getModel({ name: 'street' });
  const surrogate = { name: 'street', version: '1', sha256: model?.sha256 ?? '' };
  t.deepEqual(transfer.summary.provenance?.surrogate, surrogate);
  t.is(white.summary.provenance?.surrogate, undefined);
  t.is((await client.getModel({ name: 'far' })).model?.surrogate, 'street');
  // Clean, adversarial and in 8 bits, each in batches that are padded.
  const size = transfer.summary.provenance?.batchSize ?? NaN;
  t.is(Number(transfer.summary.remoteQueries), 3 * Math.ceil(3 / size) * size);
  t.is(white.summary.remoteQueries, 0n);

  const scenes = ['--dataset-path', join(root, 'demo/scenes'), '--limit', '2', '--no-reliability'];
  const out = await temporaryFolder(t);
  const suite = ['--attack', 'pgd(steps=2)@sum(segmentation=1)', '--epsilon', '4', '--out', out];
  const evaluated = await runCli(['evaluate', '--server', gateway.grpcAddress, '--model', 'far', ...scenes, ...suite]);
  t.is(evaluated.code, 0, evaluated.stderr);
  const { provenance } = JSON.parse(await readFile(join(out, 'result.json'), 'utf8')) as EvaluationResult;
  t.is(provenance.programVersion, `transfer of onnx-1 from street@1 (${surrogate.sha256})`);
  const image = join(root, 'demo/scenes/leftImg8bit/val/street/street_000000_000000_leftImg8bit.png');
  const command = ['--attack', 'fgsm', '--image', image, '--label-free', '--task', 'segmentation'];
  const shown = await runCli(['attack', '--server', gateway.grpcAddress, '--model', 'far', ...command]);
  t.is(shown.code, 0, shown.stderr);
  t.regex(shown.stderr, /warning: TRANSFER: the gradients are those of street@1/);
  t.regex(
    shown.stdout,
    /transfer: gradients of street version 1, sha256 [0-9a-f]{64}\n3 examples were sent to the remote/,
  );
});

test.serial(
  'a transfer from a similar model is weaker than the white-box attack, and stronger than none',
  async (t) => {
    const { client } = await startTransfer(t, 'cousin', (demo) => similarModel(demo, 0.3));
    const [white, transfer] = [await pgdOn(client, 'street'), await pgdOn(client, 'far')];
    const scoreOf = (outcome: typeof white) => outcome.summary.tasks.find(({ task }) => task === 'segmentation');
    const [clean, robust] = [scoreOf(transfer)?.clean?.value ?? NaN, scoreOf(transfer)?.adversarial?.value ?? NaN];
    const [same, whiteBox] = [scoreOf(white)?.clean?.value ?? NaN, scoreOf(white)?.adversarial?.value ?? NaN];
    t.is(clean, same);
    t.true(whiteBox < robust && robust < clean, `expected ${robust} between ${whiteBox} and ${clean}`);
    t.is(transfer.summary.provenance?.surrogate?.name, 'cousin');
    // Queries alone are not a transfer, although there is a surrogate.
    const square = await collectAttack(
      client.attack({ modelName: 'far', examples: SCENES.slice(0, 1), attack: { name: 'square', steps: 3 } }),
    );
    t.is(square.summary.provenance?.surrogate, undefined);
    t.deepEqual(square.results[0]?.result.warnings, []);
    t.is(Number(square.summary.remoteQueries), 3 + 3);
  },
);

test.serial('a surrogate that is away, or another kind of model, is an error that names it', async (t) => {
  const { client } = await startTransfer(t, 'other', (demo) => demo.subarray(0, 100));
  const away = await t.throwsAsync<RobustgateError>(pgdOn(client, 'far'));
  t.is(away?.code, 'MODEL_NOT_READY');
  t.regex(away?.message ?? '', /other@1/);
  await t.notThrowsAsync(predict(client, 'far'));
});

test.serial(
  'a remote that is silent or gone is an error that says what to do, and then it is well again',
  async (t) => {
    const { client, proxy } = await start(t, '  timeoutSeconds: 1.5\n');
    await predict(client, 'far');
    proxy.faults.isSilent = true;
    const late = await t.throwsAsync<RobustgateError>(predict(client, 'far'));
    t.is(late?.code, 'HOST_UNAVAILABLE');
    t.regex(late?.message ?? '', /remote model street at .* nothing within 1.5 s; try again/);
    t.true((late?.retryAfterMs ?? 0) > 0);
    // Others are served meanwhile.
    const waiting = t.throwsAsync<RobustgateError>(predict(client, 'far'));
    await predict(client, 'street');
    await waiting;
    proxy.faults.isSilent = false;
    proxy.reset();
    await predict(client, 'far');
    // Torn in the middle of an attack: the query is made again, or the run says why it ended.
    const run = client.attack({
      modelName: 'far',
      examples: [sceneExample(0)],
      attack: { name: 'square', steps: 200 },
      objective: { tasks: [{ task: 'depth' }] },
    });
    let outcome = 'unknown';
    try {
      for await (const event of run) {
        if (event.$case === 'progress' && event.value.step === 3) proxy.reset();
        if (event.$case === 'progress' && event.value.step === 6) break;
      }
      outcome = 'went on';
    } catch (error) {
      const { code, message } = error as RobustgateError;
      outcome = code === 'HOST_UNAVAILABLE' && /remote model street.*try again/.test(message) ? 'explained' : message;
    }
    t.true(outcome === 'went on' || outcome === 'explained', outcome);
    await predict(client, 'far');
    await predict(client, 'street');
  },
);

test.serial('a remote that comes later is served once it is there, and one that does not fit never', async (t) => {
  const address = await upstream(t);
  const repository = await temporaryFolder(t);
  const add = async (name: string, config: string) => {
    await mkdir(join(repository, name, '1'), { recursive: true });
    await writeFile(join(repository, name, 'model.yaml'), config);
  };
  const proxy = await faultProxy(t, address, { isSilent: true });
  await add('later', await remoteConfig(proxy.address, '  timeoutSeconds: 1\n'));
  await add(
    'misfit',
    `input: { kind: features, range: [0, 1] }\nengine: remote\nremote: { endpoint: "${address}", model: street }\ntasks:\n  - { name: nothing, kind: regression }\n`,
  );
  const { client } = await gatewayOf(t, repository, { children: true, config: { threads: 1, pollSeconds: 0.5 } });
  const away = await t.throwsAsync<RobustgateError>(predict(client, 'later'));
  t.is(away?.code, 'MODEL_NOT_READY');
  t.regex(away?.message ?? '', /remote model street/);
  const misfit = await t.throwsAsync<RobustgateError>(predict(client, 'misfit'));
  t.regex(misfit?.message ?? '', /expected outputs of the remote model \(segmentation, depth, reconstruction\)/);
  proxy.faults.isSilent = false;
  proxy.reset();
  for (;;) {
    const found = await predict(client, 'later').catch((error: RobustgateError) => error);
    if ('predictions' in found) break;
    t.is(found.code, 'MODEL_NOT_READY');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  t.pass();
});

test.serial(
  'a host that dies while the remote is away has it back when it comes, and is ready meanwhile',
  async (t) => {
    const { client, proxy, gateway } = await start(t, '  timeoutSeconds: 1\n');
    await predict(client, 'far');
    proxy.faults.isSilent = true;
    for (const pid of Object.values(gateway.hostPids())) process.kill(pid ?? NaN, 'SIGKILL');
    const away = await untilFails(() => predict(client, 'far'), /remote model street at .* nothing within 1 s/);
    t.is(away.code, 'HOST_UNAVAILABLE');
    await untilWorks(() => predict(client, 'street'));
    t.is((await fetch(`http://${gateway.adminAddress}/readyz`)).status, 200);
    proxy.faults.isSilent = false;
    proxy.reset();
    await untilWorks(() => predict(client, 'far'));
    t.pass();
  },
);

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));

/** The failure whose text is such. */
async function untilFails(call: () => Promise<unknown>, message: RegExp): Promise<RobustgateError> {
  for (;;) {
    const error = await call().then(
      () => undefined,
      (failure: RobustgateError) => failure,
    );
    if (error !== undefined && message.test(error.message)) return error;
    await pause();
  }
}

async function untilWorks(call: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const works = await call().then(
      () => true,
      () => false,
    );
    if (works) return;
    await pause();
  }
}
