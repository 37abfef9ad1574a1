import { isIP } from 'node:net';
import { hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { datasetConfigSchema, EngineError, parseStrict, Violations } from '../engine/index.js';
import { PREDICT_BATCH, STREAM_BYTES } from '../host/index.js';
import { checkProbe } from './probes/probe-attacks.js';
import { probeConfigSchema } from './probes/probe-config.js';
import { authSchema, quotasSchema, tlsSchema } from './security/config.js';

const address = z
  .string()
  .regex(/^\S+:\d+$/, { error: 'expected HOST:PORT', abort: true })
  .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, 'expected a port of 0 … 65535');
const count = z.int().min(1);

const limits = z.strictObject({
  requestBytes: count.default(64 * 2 ** 20).describe('Largest request, in bytes.'),
  imageBytes: count.default(32 * 2 ** 20).describe('Largest image file, in bytes.'),
  imagePixels: count.default(16 * 2 ** 20).describe('Most pixels of an image.'),
  examples: count.default(256).describe('Most examples of a request.'),
  steps: count
    .default(10_000)
    .describe('Most gradients of an example: steps of an attack over all restarts, draws of a sweep over all counts.'),
  runs: count.default(4).describe('Runs that share the attack lane; others wait.'),
  queue: z.int().min(0).default(32).describe('Runs that wait; more are refused.'),
  predictions: count.default(64).describe('Predictions at a time; more are refused.'),
  streams: count.default(256).describe('Calls of one connection at a time.'),
  memoryBytes: count
    .optional()
    .describe(
      'Most memory that the gradient programs of a model may take. Default: half of what this process may use.',
    ),
  runSeconds: z
    .number()
    .positive()
    .default(3600)
    .describe('Longest time of a detached run; then it ends as at a deadline, with its best so far.'),
  streamBytes: count
    .default(STREAM_BYTES)
    .describe(
      'Bytes of one stream that wait for a reader who is slow, or requests of one that wait for their answers; and one result, or one request, more.',
    ),
  streamStallSeconds: z.number().positive().default(60).describe('A reader that takes nothing for so long is cut off.'),
});

const residency = z.strictObject({
  maxBytes: count
    .optional()
    .describe(
      'Estimated bytes that models may keep between calls, programs included; beyond, those that were used longest ago are unloaded until they are called again. Default: three quarters of what this process may use.',
    ),
  pinned: z.array(z.string().min(1)).default([]).describe('Names of models that are never unloaded.'),
});

const telemetry = z.strictObject({
  otlpEndpoint: z
    .url({ protocol: /^https?$/, error: 'expected http://HOST:PORT or https://HOST:PORT' })
    .optional()
    .describe('Where traces go, by OTLP over HTTP. Default: `OTEL_EXPORTER_OTLP_ENDPOINT`, else nowhere.'),
  serviceName: z
    .string()
    .min(1)
    .optional()
    .describe('What traces call this gateway. Default: `OTEL_SERVICE_NAME`, else `robustgate`.'),
  sampleRatio: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      'Share of the traces that begin here which is kept; of others the client decides. Default: what `OTEL_TRACES_SAMPLER` says, else all.',
    ),
});

/** Where traces go, and under which name. */
export type TelemetryConfig = z.output<typeof telemetry>;

const hangs = z.strictObject({
  seconds: z
    .number()
    .positive()
    .default(60)
    .describe(
      'A native call is hung after so long, or 20 times its estimate; a host outside of one, when it was not heard for so long.',
    ),
  compileSeconds: z.number().positive().default(600).describe('The same for loading and compiling.'),
  quarantineSeconds: z
    .number()
    .positive()
    .default(600)
    .describe('How long a model that hosts keep dying from is not attacked.'),
});

/** The store of a gateway that nobody gave a place: it ends with the process. */
export const IN_MEMORY = ':memory:';

const history = z.strictObject({
  path: z
    .string()
    .min(1)
    .optional()
    .describe(
      `SQLite file of the history; no two gateways may share one. \`${IN_MEMORY}\` keeps it until the gateway ends. Default: \`history.db\` in \`stateDirectory\`, or \`${IN_MEMORY}\` without one.`,
    ),
  keepDays: z.number().positive().default(90).describe('Runs that ended longer ago are forgotten.'),
  keepRuns: count.default(10_000).describe('Runs that are remembered; the oldest of more are forgotten.'),
  resultBytes: count
    .optional()
    .describe(
      'Most bytes of stored results; those of the oldest ended runs make room. Default: 1 GiB in a file, 64 MiB in memory.',
    ),
});

/** A part of run ids and of addresses, as DNS has it. */
const replicaName = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/, 'expected 1 … 63 letters, digits and hyphens between them');

const predictBatching = z.strictObject({
  maxBatch: count
    .default(PREDICT_BATCH)
    .describe(
      'Most examples of different callers in one native call of a small model: those that wait while another call runs. ' +
        'Nothing waits for more to come. 1 computes each request alone.',
    ),
});

export const gatewayConfigSchema = z.strictObject({
  grpcAddress: address.default('127.0.0.1:8001').describe('Where gRPC listens; port 0 takes a free one.'),
  adminAddress: address.default('127.0.0.1:8002').describe('Where HTTP listens for health checks and metrics.'),
  allowUnauthenticated: z
    .boolean()
    .default(false)
    .describe('Whether addresses other than loopback may be bound although nobody proves who they are.'),
  tls: tlsSchema.optional().describe('Encryption of the gRPC port. Default: none.'),
  auth: authSchema.optional().describe('How callers prove who they are. Default: they do not.'),
  quotas: quotasSchema.prefault({}).describe('What each principal may take.'),
  modelRepository: z.string().min(1).describe('Folder with a folder for each model.'),
  modelControl: z
    .enum(['poll', 'explicit'])
    .default('poll')
    .describe('Whether new versions are picked up while serving.'),
  pollSeconds: z.number().positive().default(2).describe('Time between two looks; a file counts when two agree.'),
  readiness: z
    .enum(['any', 'all'])
    .default('any')
    .describe('Whether one serving model makes the gateway ready, or all must serve.'),
  hosts: z.enum(['separate', 'shared']).default('separate').describe('One process for each lane, or one for both.'),
  threads: count.optional().describe('Threads of each session. Default: the cores that may be used.'),
  reflection: z
    .boolean()
    .optional()
    .describe('Whether clients may ask for the schema. Default: only where calls are not authenticated.'),
  replica: replicaName
    .optional()
    .describe(
      'Name of this gateway among its replicas: run ids begin with it. Default: the host name up to its first dot.',
    ),
  advertisedAddress: z
    .string()
    .regex(/\{replica\}/, 'expected {replica} in it, where the name of the replica stands')
    .optional()
    .describe(
      'HOST:PORT by which clients reach a replica, `{replica}` standing for its name: told to those who ask here for a run of another one.',
    ),
  proberAddress: address
    .optional()
    .describe(
      'HOST:PORT of the gateway that runs the probes, where this one has none: told to those who ask here for probes. Default: this one runs them.',
    ),
  stateDirectory: z
    .string()
    .min(1)
    .optional()
    .describe('Folder for what the gateway remembers when it starts again. Default: none.'),
  history: history.prefault({}).describe('What is remembered of runs.'),
  datasets: z
    .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/), datasetConfigSchema)
    .default({})
    .describe('Labelled datasets by name, for probes. Default: none.'),
  probes: z.array(probeConfigSchema).default([]).describe('Attacks that are repeated on a schedule. Default: none.'),
  probeShare: z
    .number()
    .min(0.01)
    .max(0.5)
    .default(0.1)
    .describe('Share of the steps of the attack lane that probes get at least, while attacks are waiting too.'),
  drainSeconds: z.number().min(0).default(25).describe('Time that running calls get to end on SIGTERM.'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least level that is logged.'),
  limits: limits.prefault({}).describe('What one request, or all of them together, may take.'),
  residency: residency.prefault({}).describe('Which models stay loaded.'),
  predictBatching: predictBatching.prefault({}).describe('Predictions that share a native call.'),
  hangs: hangs.prefault({}).describe('When native code counts as hung.'),
  telemetry: telemetry.prefault({}).describe('Traces.'),
});

/** What the gateway's configuration says, every default filled in. */
export type GatewayConfig = Omit<
  z.output<typeof gatewayConfigSchema>,
  'limits' | 'reflection' | 'history' | 'replica' | 'residency'
> & {
  readonly reflection: boolean;
  readonly replica: string;
  readonly limits: Omit<z.output<typeof limits>, 'memoryBytes'> & { readonly memoryBytes: number };
  readonly residency: z.output<typeof residency> & { readonly maxBytes: number };
  readonly history: Omit<z.output<typeof history>, 'path' | 'resultBytes'> & {
    readonly path: string;
    readonly resultBytes: number;
  };
};

/**
 * Reads a configuration.
 *
 * @param value what a YAML file holds, or the same as an object
 * @throws EngineError `INVALID_CONFIG`. Thrown when something is wrong, with a violation for each.
 */
export function parseGatewayConfig(value: unknown): GatewayConfig {
  const config = parseStrict(gatewayConfigSchema, value ?? {}, 'INVALID_CONFIG', 'configuration');
  const violations = new Violations();
  checkExposure(config, violations);
  checkProbes(config, violations);
  violations.throwIfAny('INVALID_CONFIG');
  const path = config.history.path ?? pathIn(config.stateDirectory);
  return {
    ...config,
    replica: config.replica ?? replicaOfHost(hostname()),
    history: {
      ...config.history,
      path,
      resultBytes: config.history.resultBytes ?? (path === IN_MEMORY ? 64 * 2 ** 20 : 2 ** 30),
    },
    reflection: config.reflection ?? config.auth === undefined,
    residency: { ...config.residency, maxBytes: config.residency.maxBytes ?? Math.floor(0.75 * usableMemory()) },
    limits: { ...config.limits, memoryBytes: config.limits.memoryBytes ?? Math.floor(usableMemory() / 2) },
  };
}

function checkProbes(
  { probes, datasets, proberAddress }: z.output<typeof gatewayConfigSchema>,
  violations: Violations,
): void {
  const isOne = proberAddress === undefined || probes.length === 0;
  violations.expect(isOne, 'probes', `expected none, for ${proberAddress} runs them, got ${probes.length}`);
  const names = probes.map(({ name }) => name);
  for (const [i, probe] of probes.entries()) {
    const isFirst = names.indexOf(probe.name) === i;
    violations.expect(isFirst, `probes[${i}].name`, `expected a name of its own, got ${probe.name} again`);
    checkProbe(probe, `probes[${i}]`, Object.keys(datasets), violations);
  }
}

/** What may be reached from elsewhere, and how. */
function checkExposure(config: z.output<typeof gatewayConfigSchema>, violations: Violations): void {
  const { auth, tls, grpcAddress, allowUnauthenticated } = config;
  // Health and metrics over HTTP tell nothing of any caller: where calls are authenticated they may be scraped from elsewhere.
  const isOpen = allowUnauthenticated || auth !== undefined;
  for (const key of ['grpcAddress', 'adminAddress'] as const) {
    if (isOpen || isLoopback(config[key])) continue;
    violations.add(
      key,
      `expected a loopback address while calls are not authenticated, got ${config[key]}; allowUnauthenticated: true says that this is wanted`,
    );
  }
  if (auth === undefined) return;
  if (auth.jwt === undefined && auth.certificates.length === 0) {
    violations.add('auth', 'expected jwt or certificates, got neither');
  }
  if (auth.certificates.length > 0 && tls?.clientCaFile === undefined) {
    violations.add(
      'auth.certificates',
      'expected tls.clientCaFile, which says whose certificates are believed, got none',
    );
  }
  if (tls === undefined && !auth.allowPlaintext && !isLoopback(grpcAddress)) {
    const text =
      'expected tls, for tokens would cross the network in clear text; allowPlaintext: true says that something else encrypts';
    violations.add('auth', text);
  }
}

/**
 * Reads the text of a configuration file.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when it is no YAML, or something in it is wrong.
 */
export function parseGatewayConfigText(text: string): GatewayConfig {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (cause) {
    throw new EngineError('INVALID_CONFIG', `expected YAML in the configuration, got: ${cause}`, {}, { cause });
  }
  return parseGatewayConfig(value);
}

const pathIn = (stateDirectory: string | undefined): string =>
  stateDirectory === undefined ? IN_MEMORY : join(stateDirectory, 'history.db');

/** A host's name as a replica's, whatever odd characters it has. */
export function replicaOfHost(host: string): string {
  const name = (host.split('.')[0] ?? '').replaceAll(/[^A-Za-z0-9-]/g, '-').slice(0, 63);
  return name.replaceAll(/^-+|-+$/g, '') || 'gateway';
}

/** The machine's memory, or less where a container has a limit. */
function usableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

function isLoopback(hostPort: string): boolean {
  const host = hostPort.slice(0, hostPort.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
