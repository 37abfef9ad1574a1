import type { Server } from '@grpc/grpc-js';
import { HealthImplementation, type ServingStatusMap } from 'grpc-health-check';

/** Services that are ready when the gateway is. */
const SERVICES = [
  '',
  'robustgate.v1.RobustnessService',
  'robustgate.v1.RunService',
  'robustgate.v1.ProbeService',
  'inference.GRPCInferenceService',
];

const modelService = (name: string): string => `model/${name}`;

/** What the gateway's health is told from. */
export interface HealthFacts {
  /** Whether calls are taken and can be answered. */
  readonly isReady: boolean;
  /** Models, and whether a version of each serves. */
  readonly models: ReadonlyMap<string, boolean>;
}

/**
 * `grpc.health.v1`: `` and the services are ready for calls, `liveness` is alive whatever the models do, `model/<name>` has a
 * version that serves.
 */
export class Health {
  readonly #implementation: HealthImplementation;
  /** What was told last, by name. */
  readonly #told = new Map<string, boolean>();

  constructor() {
    const start: ServingStatusMap = Object.fromEntries(SERVICES.map((name) => [name, 'NOT_SERVING']));
    this.#implementation = new HealthImplementation({ ...start, liveness: 'SERVING' });
  }

  addTo(server: Server): void {
    this.#implementation.addToServer(server);
  }

  update({ isReady, models }: HealthFacts): void {
    for (const service of SERVICES) this.#set(service, isReady);
    for (const [name, isServing] of models) this.#set(modelService(name), isServing);
    // A model that is gone is told as such to those who watch it.
    const present = new Set([...SERVICES, ...[...models.keys()].map(modelService)]);
    for (const service of this.#told.keys()) if (!present.has(service)) this.#set(service, false);
  }

  /** Those who watch are told of changes, not of each look. */
  #set(service: string, isServing: boolean): void {
    if (this.#told.get(service) === isServing) return;
    this.#told.set(service, isServing);
    this.#implementation.setStatus(service, isServing ? 'SERVING' : 'NOT_SERVING');
  }
}
