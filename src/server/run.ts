import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Server, type ServerCredentials } from '@grpc/grpc-js';
import { EngineError, readModelSource } from '../engine/index.js';
import { type HostObserver, type Hosts, type LaneLimits, startHosts, usableCores } from '../host/index.js';
import { type AdminServer, startAdminServer } from './admin/admin-server.js';
import { Admission } from './admission/admission.js';
import type { GatewayConfig } from './config.js';
import { boundedReads } from './grpc/bounded-reads.js';
import { probeServiceDefinition, robustnessServiceDefinition, runServiceDefinition } from './grpc/definitions.js';
import { Health } from './grpc/health.js';
import { OpenCalls } from './grpc/open-calls.js';
import { addReflection } from './grpc/reflection.js';
import { type ImagePool, startImagePool } from './images/image-pool.js';
import { type InferenceFacts, inferenceService, inferenceServiceDefinition } from './inference/inference-service.js';
import type { Logger } from './logger.js';
import type { Prober } from './probes/prober.js';
import { probesOf } from './probes/start-probes.js';
import { ModelRepository } from './repository/repository.js';
import { Residency } from './repository/residency.js';
import { newRunId } from './runs/run-id.js';
import { RunRegistry } from './runs/run-registry.js';
import { RunStore } from './runs/run-store.js';
import { authorizer } from './security/authorize.js';
import { serverCredentials } from './security/credentials.js';
import { Quotas } from './security/quotas.js';
import type { GatewayContext } from './services/gateway-context.js';
import { probeService } from './services/probe-service.js';
import { drainingError } from './services/requirements.js';
import { robustnessService } from './services/robustness-service.js';
import { runService } from './services/run-service.js';
import type { Database } from './store/database.js';
import { openStore } from './store/open-store.js';
import { startTelemetry, type Telemetry } from './telemetry/telemetry.js';

/** A gateway that runs. */
export interface Gateway {
  /** `HOST:PORT` that gRPC listens on. */
  readonly grpcAddress: string;
  readonly adminAddress: string;
  /** Process ids of the hosts, for operators and tests. */
  hostPids(): { readonly serve: number | undefined; readonly attack: number | undefined };
  /** Number of calls that are being answered. */
  openCalls(): number;
  /** Takes no new calls, lets running attacks end with their best so far, and waits for all calls, up to `drainSeconds`. */
  drain(): Promise<void>;
  /** Ends everything at once. */
  close(): Promise<void>;
}

export interface GatewayDependencies {
  readonly log: Logger;
  /** Of robustgate, told to clients. */
  readonly version?: string;
  /** Starts the hosts; tests have ones of their own. */
  readonly hosts?: (log: Logger, observer: HostObserver) => Hosts;
}

/**
 * Starts a gateway: hosts, models, gRPC and HTTP. It listens before its models are loaded, and is ready when they are.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when an address cannot be bound.
 * @throws EngineError `STORE_UNAVAILABLE`. Thrown when the history cannot be opened.
 */
export async function startGateway(config: GatewayConfig, dependencies: GatewayDependencies): Promise<Gateway> {
  const { log } = dependencies;
  const { limits } = config;
  const database = await openStore(config, log);
  const calls = new OpenCalls();
  const store = new RunStore(database, config.history);
  const runs = new RunRegistry({ store, config, calls, log, now: Date.now });
  const lanes = config.hosts === 'shared' ? ['shared'] : ['serve', 'attack'];
  const telemetry = await startTelemetry({
    config: config.telemetry,
    version: dependencies.version ?? '',
    lanes,
    log,
    env: process.env,
  });
  const residency = new Residency({
    hosts: dependencies.hosts?.(log, telemetry.hosts) ?? hostsOf(config, log, telemetry.hosts),
    budgetBytes: config.residency.maxBytes,
    pinned: new Set(config.residency.pinned),
    log,
    observer: telemetry.residency,
    read: ({ name, version }) => readModelSource(join(config.modelRepository, name), version),
  });
  const { hosts } = residency;
  const pool = startImagePool(
    { maxPixels: limits.imagePixels, maxBytes: limits.imageBytes },
    Math.max(1, Math.min(4, usableCores())),
  );
  const health = new Health();
  const draining = new AbortController();
  setMaxListeners(0, draining.signal); // every call that waits listens, and there are as many as the queue holds
  const update = (): void => {
    health.update(facts());
    telemetry.loaded(repository.versions);
  };
  const repository = new ModelRepository({
    root: config.modelRepository,
    residency,
    log,
    pollMs: config.pollSeconds * 1000,
    onChange: () => update(),
    onVerified: (info) => prober.onVerified(info),
    holdReason: (info) => prober.holdReason(info),
  });

  const { prober, history: probes } = probesOf({
    config,
    database,
    hosts,
    pool,
    repository,
    log,
    telemetry,
    newRunId: () => newRunId(config.replica),
  });

  function facts() {
    const models = new Map<string, boolean>();
    for (const { name, state } of repository.versions) {
      const isServing = state === 'serving' && !draining.signal.aborted;
      models.set(name, models.get(name) === true || isServing);
    }
    const serving = [...models.values()];
    const isReady =
      config.readiness === 'all' ? serving.length > 0 && !serving.includes(false) : serving.includes(true);
    return { isReady, models };
  }

  const context: GatewayContext = {
    config,
    hosts,
    repository,
    pool,
    attacks: new Admission(limits.runs, limits.queue),
    authorize: authorizer(config.auth),
    quotas: new Quotas(config.quotas, () => performance.now()),
    predictions: new Admission(limits.predictions, 0),
    calls,
    runs,
    prober,
    probes,
    log,
    telemetry,
    draining: draining.signal,
    newRunId: () => newRunId(config.replica),
  };
  telemetry.watch({
    versions: () => repository.versions,
    isQuarantined: (version) => hosts.attack.quarantineReason(version) !== undefined,
    isUp: (lane) => hosts[lane].isReady,
    residency,
    queues: { serve: context.predictions, attack: context.attacks },
  });
  const parts: Parts = {
    hosts,
    pool,
    repository,
    telemetry,
    runs,
    prober,
    database,
    server: undefined,
    admin: undefined,
  };
  try {
    const areAllReady = (): boolean => {
      const { isReady, models } = facts();
      return isReady && ![...models.values()].includes(false);
    };
    const server = grpcServer(context, health, { version: dependencies.version ?? '', areAllReady });
    parts.server = server;
    const grpcAddress = await bind(server, config.grpcAddress, await serverCredentials(config.tls));
    parts.admin = await startAdminServer(config.adminAddress, {
      livez: () => ({ isGood: true, text: 'alive' }),
      readyz: () => (facts().isReady ? { isGood: true, text: 'ready' } : { isGood: false, text: 'not ready' }),
      metrics: (accept) => telemetry.expose(accept),
    });
    await repository.loadAll();
    prober.start();
    if (config.modelControl === 'poll') repository.startPolling();
    update();
    log.info({ grpcAddress, adminAddress: parts.admin.address }, 'gateway is up');
    return running(parts, grpcAddress, context, draining, update);
  } catch (error) {
    await closeAll(parts);
    throw error;
  }
}

function hostsOf(
  { hosts, threads, limits, hangs, probeShare, predictBatching }: GatewayConfig,
  log: Logger,
  observer: HostObserver,
): Hosts {
  const laneLimits: Partial<LaneLimits> = {
    hangMs: hangs.seconds * 1000,
    compileHangMs: hangs.compileSeconds * 1000,
    quarantineMs: hangs.quarantineSeconds * 1000,
  };
  return startHosts({
    hosts,
    ...(threads !== undefined && { threads }),
    memoryBudgetBytes: limits.memoryBytes,
    probeShare,
    predictBatch: predictBatching.maxBatch,
    streamBytes: limits.streamBytes,
    limits: laneLimits,
    log: (level, message, fields) => log[level](fields, message),
    observer,
  });
}

function grpcServer(context: GatewayContext, health: Health, facts: InferenceFacts): Server {
  const { limits, reflection } = context.config;
  const server = new Server({
    interceptors: [boundedReads(limits.streamBytes)],
    'grpc.max_receive_message_length': limits.requestBytes,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': limits.streams,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 20_000,
  });
  const services = [
    [robustnessServiceDefinition(), robustnessService(context)],
    [runServiceDefinition(), runService(context)],
    [probeServiceDefinition(), probeService(context)],
    [inferenceServiceDefinition(), inferenceService(context, facts)],
  ] as const;
  for (const [definition, implementation] of services) {
    server.addService(definition, implementation);
    context.telemetry.calls.expect(Object.values(definition).map(({ path }) => path));
  }
  health.addTo(server);
  if (reflection) addReflection(server);
  return server;
}

async function bind(server: Server, address: string, credentials: ServerCredentials): Promise<string> {
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (cause, bound) => {
      if (cause === null) resolve(bound);
      else
        reject(
          new EngineError(
            'INVALID_CONFIG',
            `expected grpcAddress ${address} to be free, got: ${cause.message}`,
            {},
            { cause },
          ),
        );
    });
  });
  return `${address.slice(0, address.lastIndexOf(':'))}:${port}`;
}

interface Parts {
  readonly hosts: Hosts;
  readonly pool: ImagePool;
  readonly repository: ModelRepository;
  readonly runs: RunRegistry;
  readonly prober: Prober;
  readonly database: Database;
  readonly telemetry: Telemetry;
  server: Server | undefined;
  admin: AdminServer | undefined;
}

async function closeAll({
  hosts,
  pool,
  repository,
  telemetry,
  runs,
  prober,
  database,
  server,
  admin,
}: Parts): Promise<void> {
  server?.forceShutdown();
  // Before the hosts, whose end would be told as the failure of runs.
  runs.close(drainingError());
  const probing = prober.close(drainingError());
  // All at once: the repository may wait for a load that ends with the hosts.
  await Promise.all([repository.close(), hosts.close(), pool.close(), admin?.close()]);
  await probing;
  database.close();
  await telemetry.close();
}

/** How long the last bytes of calls that have ended may take, and connections that others hold open, in milliseconds. */
const FAREWELL_MS = 1000;

function running(
  parts: Parts,
  grpcAddress: string,
  { hosts, prober, calls, config, log }: GatewayContext,
  draining: AbortController,
  update: () => void,
): Gateway {
  const drain = async (): Promise<void> => {
    draining.abort();
    update();
    // Before the hosts, which would end the run of a probe as if it were done.
    void prober.close(drainingError());
    hosts.drain();
    log.info({ drainSeconds: config.drainSeconds, calls: calls.count }, 'gateway takes no more calls');
    if (!(await endsWithin(calls.whenNone(), config.drainSeconds * 1000))) {
      log.warn({ calls: calls.count }, 'some calls did not end in time and are cut off');
      calls.cut(drainingError());
      await endsWithin(calls.whenNone(), FAREWELL_MS);
    }
    const { server } = parts;
    if (server !== undefined)
      await endsWithin(new Promise<void>((end) => server.tryShutdown(() => end())), FAREWELL_MS);
  };
  let drained: Promise<void> | undefined;
  let closed: Promise<void> | undefined;
  return {
    grpcAddress,
    adminAddress: parts.admin?.address ?? '',
    openCalls: () => calls.count,
    hostPids: () => ({ serve: hosts.serve.pid, attack: hosts.attack.pid }),
    drain: () => {
      drained ??= drain();
      return drained;
    },
    close: () => {
      closed ??= closeAll(parts);
      return closed;
    },
  };
}

async function endsWithin(work: Promise<void>, ms: number): Promise<boolean> {
  const over = new AbortController();
  try {
    const late = pause(ms, false, { signal: over.signal }).catch(() => false);
    return await Promise.race([work.then(() => true), late]);
  } finally {
    over.abort();
  }
}
