import { status } from '@grpc/grpc-js';
import type { GradientNormResponse } from '../contract/robustgate/v1/gradient_norm.js';
import type { WatchRunResponse } from '../contract/robustgate/v1/run.js';
import type { AttackEvent } from './attack-payloads.js';
import { RobustgateError } from './robustgate-error.js';

/** What happens in a measurement of gradients. */
export type GradientNormEvent = NonNullable<GradientNormResponse['event']>;

/** What a watched run says: a message of an attack, or of a measurement of gradients. */
export type RunEvent = NonNullable<WatchRunResponse['event']>;

/**
 * The events of a watched attack, for `collectAttack` and `assembleAttack`.
 *
 * @throws RobustgateError `FAILED_PRECONDITION`. Thrown when the run is none.
 */
export async function* attackEventsOf(events: AsyncIterable<RunEvent>): AsyncGenerator<AttackEvent, void, void> {
  for await (const event of events) {
    if (event.$case !== 'attack') throw wrongKind('an attack', 'a measurement of gradients');
    if (event.value.event !== undefined) yield event.value.event;
  }
}

/**
 * The events of a watched measurement of gradients.
 *
 * @throws RobustgateError `FAILED_PRECONDITION`. Thrown when the run is none.
 */
export async function* gradientNormEventsOf(
  events: AsyncIterable<RunEvent>,
): AsyncGenerator<GradientNormEvent, void, void> {
  for await (const event of events) {
    if (event.$case !== 'gradientNorm') throw wrongKind('a measurement of gradients', 'an attack');
    if (event.value.event !== undefined) yield event.value.event;
  }
}

const wrongKind = (expected: string, got: string): RobustgateError =>
  new RobustgateError(`expected ${expected}, got ${got}`, { status: status.FAILED_PRECONDITION });
