import type { Server } from '@grpc/grpc-js';
import { HealthImplementation, type ServingStatusMap } from 'grpc-health-check';
import { ROBUSTNESS_SERVICE } from './definitions.js';

/** What the gateway's health is told from. */
export interface HealthFacts {
  /** Whether calls are taken and can be answered. */
  readonly isReady: boolean;
  /** Models, and whether a version of each serves. */
  readonly models: ReadonlyMap<string, boolean>;
}

/**
 * `grpc.health.v1`: `` and the service are ready for calls, `liveness` is alive whatever the models do, `model/<name>` has a
 * version that serves.
 */
export class Health {
  readonly #implementation: HealthImplementation;
  readonly #known = new Set<string>();

  constructor() {
    const start: ServingStatusMap = { '': 'NOT_SERVING', [ROBUSTNESS_SERVICE]: 'NOT_SERVING', liveness: 'SERVING' };
    this.#implementation = new HealthImplementation(start);
  }

  addTo(server: Server): void {
    this.#implementation.addToServer(server);
  }

  update({ isReady, models }: HealthFacts): void {
    this.#set('', isReady);
    this.#set(ROBUSTNESS_SERVICE, isReady);
    for (const name of models.keys()) this.#known.add(name);
    // A model that is gone is told as such to those who watch it.
    for (const name of this.#known) this.#set(`model/${name}`, models.get(name) ?? false);
  }

  #set(service: string, isServing: boolean): void {
    this.#implementation.setStatus(service, isServing ? 'SERVING' : 'NOT_SERVING');
  }
}
