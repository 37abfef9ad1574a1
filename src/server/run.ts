import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { EngineError } from '../engine/index.js';
import { type Hosts, type LaneLimits, startHosts, usableCores } from '../host/index.js';
import { type AdminServer, startAdminServer } from './admin/admin-server.js';
import { Admission } from './admission/admission.js';
import type { GatewayConfig } from './config.js';
import { RobustnessServiceDefinition } from './grpc/definitions.js';
import { Health } from './grpc/health.js';
import { addReflection } from './grpc/reflection.js';
import { type ImagePool, startImagePool } from './images/image-pool.js';
import type { Logger } from './logger.js';
import { ModelRepository } from './repository/repository.js';
import type { GatewayContext } from './services/gateway-context.js';
import { robustnessService } from './services/robustness-service.js';

/** A gateway that runs. */
export interface Gateway {
  /** `HOST:PORT` that gRPC listens on. */
  readonly grpcAddress: string;
  readonly adminAddress: string;
  /** Process ids of the hosts, for operators and tests. */
  hostPids(): { readonly serve: number | undefined; readonly attack: number | undefined };
  /** Takes no new calls, lets running attacks end with their best so far, and waits for all calls, up to `drainSeconds`. */
  drain(): Promise<void>;
  /** Ends everything at once. */
  close(): Promise<void>;
}

export interface GatewayDependencies {
  readonly log: Logger;
  /** Starts the hosts; tests have ones of their own. */
  readonly hosts?: (log: Logger) => Hosts;
}

/**
 * Starts a gateway: hosts, models, gRPC and HTTP. It listens before its models are loaded, and is ready when they are.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when an address cannot be bound.
 */
export async function startGateway(config: GatewayConfig, dependencies: GatewayDependencies): Promise<Gateway> {
  const { log } = dependencies;
  const { limits } = config;
  const hosts = dependencies.hosts?.(log) ?? hostsOf(config, log);
  const pool = startImagePool(
    { maxPixels: limits.imagePixels, maxBytes: limits.imageBytes },
    Math.max(1, Math.min(4, usableCores())),
  );
  const health = new Health();
  const draining = new AbortController();
  const update = (): void => health.update(facts());
  const repository = new ModelRepository({
    root: config.modelRepository,
    hosts,
    log,
    pollMs: config.pollSeconds * 1000,
    onChange: () => update(),
  });

  function facts() {
    const models = new Map<string, boolean>();
    for (const { name, state } of repository.versions)
      models.set(name, models.get(name) === true || state === 'serving');
    const serving = [...models.values()];
    const isServing =
      config.readiness === 'all' ? serving.length > 0 && !serving.includes(false) : serving.includes(true);
    return { isReady: isServing && !draining.signal.aborted, models };
  }

  const context: GatewayContext = {
    config,
    hosts,
    repository,
    pool,
    attacks: new Admission(limits.runs, limits.queue),
    predictions: new Admission(limits.predictions, limits.predictions),
    log,
    draining: draining.signal,
    newRunId: randomUUID,
  };
  const parts: Parts = { hosts, pool, repository, server: undefined, admin: undefined };
  try {
    const server = grpcServer(context, health);
    parts.server = server;
    const grpcAddress = await bind(server, config.grpcAddress);
    parts.admin = await startAdminServer(config.adminAddress, {
      livez: () => ({ isGood: true, text: 'alive' }),
      readyz: () => (facts().isReady ? { isGood: true, text: 'ready' } : { isGood: false, text: 'not ready' }),
    });
    await repository.loadAll();
    if (config.modelControl === 'poll') repository.startPolling();
    update();
    log.info({ grpcAddress, adminAddress: parts.admin.address }, 'gateway is up');
    return running(parts, grpcAddress, context, draining, update);
  } catch (error) {
    await closeAll(parts);
    throw error;
  }
}

function hostsOf({ hosts, threads, limits, hangs }: GatewayConfig, log: Logger): Hosts {
  const laneLimits: Partial<LaneLimits> = {
    hangMs: hangs.seconds * 1000,
    compileHangMs: hangs.compileSeconds * 1000,
    quarantineMs: hangs.quarantineSeconds * 1000,
  };
  return startHosts({
    hosts,
    ...(threads !== undefined && { threads }),
    memoryBudgetBytes: limits.memoryBytes,
    limits: laneLimits,
    log: (level, message, fields) => log[level](fields, message),
  });
}

function grpcServer(context: GatewayContext, health: Health): Server {
  const { limits, reflection } = context.config;
  const server = new Server({
    'grpc.max_receive_message_length': limits.requestBytes,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': limits.streams,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 20_000,
  });
  server.addService(RobustnessServiceDefinition, robustnessService(context));
  health.addTo(server);
  if (reflection) addReflection(server);
  return server;
}

async function bind(server: Server, address: string): Promise<string> {
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (cause, bound) => {
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
  server: Server | undefined;
  admin: AdminServer | undefined;
}

async function closeAll({ hosts, pool, repository, server, admin }: Parts): Promise<void> {
  server?.forceShutdown();
  await repository.close();
  await Promise.all([hosts.close(), pool.close(), admin?.close()]);
}

function running(
  parts: Parts,
  grpcAddress: string,
  { hosts, config, log }: GatewayContext,
  draining: AbortController,
  update: () => void,
): Gateway {
  return {
    grpcAddress,
    adminAddress: parts.admin?.address ?? '',
    hostPids: () => ({ serve: hosts.serve.pid, attack: hosts.attack.pid }),
    async drain() {
      draining.abort();
      update();
      hosts.drain();
      log.info({ drainSeconds: config.drainSeconds }, 'gateway takes no more calls');
      const ended = new Promise<void>((resolve) => parts.server?.tryShutdown(() => resolve()));
      const limit = new AbortController();
      const late = pause(config.drainSeconds * 1000, 'late' as const, { signal: limit.signal }).catch(() => undefined);
      const outcome = await Promise.race([ended, late]);
      limit.abort();
      if (outcome === 'late') log.warn({}, 'some calls did not end in time and are cut off');
    },
    close: () => closeAll(parts),
  };
}
