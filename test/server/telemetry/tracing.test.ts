import { createRequire } from 'node:module';
import test from 'ava';
import { collectAttack, connect } from '../../../src/clients/index.js';
import type { Example } from '../../../src/contract/robustgate/v1/example.js';
import { addVersion, gatewayOf } from '../../support/gateway.js';
import { scrape } from '../../support/metrics.js';
import { otlpCollector, type ReceivedSpan } from '../../support/otlp-collector.js';
import { linearSource } from '../../support/small-models.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { toyGateway } from '../../support/toy-gateway.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const example: Example = {
  key: 'one',
  input: {
    $case: 'tensor',
    value: { datatype: 'FP32', shape: [2n], data: new Uint8Array(Float32Array.of(0.5, 0.25).buffer) },
  },
  labels: {},
  extraInputs: {},
};
const request = { modelName: 'small', examples: [example], attack: { name: 'pgd', steps: 3 }, labelFree: true };

const isSdkLoaded = (): boolean =>
  Object.keys(createRequire(import.meta.url).cache).some((path) => /@opentelemetry[/\\\\]sdk-node[/\\\\]/.test(path));
const toy = {
  modelName: 'toy',
  examples: [
    {
      ...example,
      input: { $case: 'tensor' as const, value: { datatype: 'UINT8', shape: [3n, 2n, 2n], data: new Uint8Array(12) } },
    },
  ],
};

test.serial(
  'nothing of the SDK is loaded where nobody wants traces, and the trace of the client goes on',
  async (t) => {
    const seen: unknown[] = [];
    const { gateway, logged } = await toyGateway(t, {
      predict: async ({ options }) => {
        seen.push(options.traceParent);
        return [];
      },
    });
    const traceparent = `00-${TRACE}-${PARENT}-01`;
    const client = connect(gateway.grpcAddress, { metadata: { traceparent } });
    t.teardown(() => client.close());
    await client.predict(toy);
    t.deepEqual(seen, [traceparent]);
    t.is(logged.find(({ message }) => message === 'run ended')?.fields['traceId'], TRACE);
    t.false(isSdkLoaded());
  },
);

test.serial('a call is traced from the client into the host and back, over OTLP', async (t) => {
  const collector = await otlpCollector(t);
  const models = await temporaryFolder(t);
  const { file, configText } = linearSource(
    [{ name: 'y', weights: [[1, -1]], bias: [0] }],
    ['name: y, kind: regression, output: y'],
  );
  await addVersion(models, 'small', '1', { config: configText, model: file });
  const { gateway, logged } = await gatewayOf(t, models, {
    children: true,
    config: { threads: 1, telemetry: { otlpEndpoint: collector.endpoint, serviceName: 'under test' } },
  });
  const client = connect(gateway.grpcAddress, { metadata: { traceparent: `00-${TRACE}-${PARENT}-01` } });
  t.teardown(() => client.close());
  await collectAttack(client.attack(request));
  await t.throwsAsync(client.predict({ ...request, modelName: 'none' }));
  const metrics = await scrape(gateway.adminAddress, 'application/openmetrics-text');
  await gateway.close();

  t.deepEqual([...new Set(collector.contentTypes)], ['POST /v1/traces application/x-protobuf']);
  const spans = collector.spans.filter(({ traceId }) => traceId === TRACE);
  t.is(spans.length, collector.spans.length, 'nothing else is traced');
  const named = (name: string): ReceivedSpan => {
    const [span, other] = spans.filter((each) => each.name === name);
    if (span === undefined || other !== undefined) throw new Error(`expected one span ${name}, got ${span && 'more'}`);
    return span;
  };
  const call = named('robustgate.v1.RobustnessService/Attack');
  t.is(call.parentSpanId, PARENT);
  t.is(call.kind, 2, 'of a server');
  t.is(call.resource['service.name'], 'under test');
  t.like(call.attributes, {
    'rpc.system.name': 'grpc',
    'rpc.method': 'robustgate.v1.RobustnessService/Attack',
    'rpc.response.status_code': 'OK',
  });
  const run = named('attack');
  t.is(run.parentSpanId, call.spanId);
  t.like(run.attributes, {
    'robustgate.model.name': 'small',
    'robustgate.model.version': '1',
    'robustgate.run.outcome': 'completed',
    'robustgate.image_steps': 3,
  });
  for (const name of ['queue', 'compile', 'steps', 'verify']) t.is(named(name).parentSpanId, run.spanId, name);
  t.is(named('steps').attributes['robustgate.calls'], 3);
  const order = ['queue', 'compile', 'steps'].map((name) => named(name));
  for (const [i, { startNanos, endNanos }] of order.entries()) {
    t.true(startNanos <= endNanos);
    t.true(startNanos >= (order[i - 1]?.startNanos ?? run.startNanos));
    t.true(endNanos <= run.endNanos);
  }
  const refused = named('robustgate.v1.RobustnessService/Predict');
  t.like(refused.attributes, { 'rpc.response.status_code': 'NOT_FOUND', 'error.type': 'MODEL_NOT_FOUND' });

  const ended = logged.find(({ message }) => message === 'run ended');
  t.like(ended?.fields, { traceId: TRACE, runId: run.attributes['robustgate.run.id'], outcome: 'completed' });
  t.regex(
    metrics,
    new RegExp(`robustgate_host_call_duration_seconds_bucket.*call="step".* # \\{trace_id="${TRACE}"\\}`),
  );
  t.regex(metrics, new RegExp(`robustgate_rpc_duration_seconds_bucket.* # \\{trace_id="${TRACE}"\\}`));
});

test.serial(
  'of the traces that begin here so many are kept as was said, of others those that the client keeps',
  async (t) => {
    const collector = await otlpCollector(t);
    const { gateway, client } = await toyGateway(
      t,
      {},
      { config: { telemetry: { otlpEndpoint: `${collector.endpoint}/`, sampleRatio: 0 } } },
    );
    t.true(isSdkLoaded(), 'by this test or the one before: or the first could not fail');
    await client.predict(toy);
    const unfollowed = connect(gateway.grpcAddress, { metadata: { traceparent: `00-${TRACE}-${PARENT}-00` } });
    await unfollowed.predict(toy);
    unfollowed.close();
    const page = await scrape(gateway.adminAddress, 'application/openmetrics-text');
    t.false(page.includes('trace_id'), 'nobody could look these traces up');
    const followed = connect(gateway.grpcAddress, { metadata: { traceparent: `00-${TRACE}-${PARENT}-01` } });
    await followed.predict(toy);
    followed.close();
    await gateway.close();
    t.deepEqual([...new Set(collector.spans.map(({ traceId }) => traceId))], [TRACE]);
    t.deepEqual(collector.spans.map(({ name }) => name).toSorted(), [
      'predict',
      'robustgate.v1.RobustnessService/Predict',
    ]);
  },
);

test.serial('the variables that OpenTelemetry has for it turn traces on, and off again', async (t) => {
  const collector = await otlpCollector(t);
  const given = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_SERVICE_NAME: 'by variable' };
  t.teardown(() => {
    for (const name of [...Object.keys(given), 'OTEL_SDK_DISABLED']) delete process.env[name];
  });
  Object.assign(process.env, given);
  const on = await toyGateway(t);
  await on.client.predict(toy);
  await on.gateway.close();
  t.is(collector.spans.length, 2);
  t.true(collector.spans.every(({ resource }) => resource['service.name'] === 'by variable'));
  process.env['OTEL_SDK_DISABLED'] = 'true';
  const off = await toyGateway(t);
  await off.client.predict(toy);
  await off.gateway.close();
  t.is(collector.spans.length, 2);
});

test.serial('a collector that is not there holds nothing up', async (t) => {
  const { gateway, client } = await toyGateway(
    t,
    {},
    { config: { telemetry: { otlpEndpoint: 'http://127.0.0.1:1' } } },
  );
  await client.predict(toy);
  const startMs = performance.now();
  await gateway.close();
  t.true(performance.now() - startMs < 10_000);
});
