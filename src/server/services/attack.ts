import type { AttackRequest, AttackResponse } from '../../contract/robustgate/v1/attack.js';
import type { AttackEvent, AttackJob } from '../../engine/index.js';
import type { CallContext } from '../grpc/call-context.js';
import type { StreamMessage } from '../grpc/handlers.js';
import {
  progressMessage,
  queuedMessage,
  resultMessages,
  startedMessage,
  stillAttacking,
  summaryMessage,
} from '../translate/attack-messages.js';
import { type AttackWish, readAttackWish } from '../translate/attack-request.js';
import type { GatewayContext } from './gateway-context.js';
import { streamRun } from './run-stream.js';

/** `Attack`: runs in the attack lane, and tells of it as it goes. */
export const attack = (
  request: AttackRequest,
  context: CallContext,
  gateway: GatewayContext,
): AsyncGenerator<StreamMessage<AttackResponse>, void, void> =>
  streamRun<AttackWish, AttackJob, AttackEvent, AttackResponse>(request, context, gateway, {
    readWish: (model, labelled) => readAttackWish(request, model, labelled, gateway.config.limits),
    joined: (wish, inputs) => ({ ...wish, inputs }),
    imageSteps: ({ spec, inputs }) => inputs.length * spec.parameters.steps * spec.parameters.restarts,
    start: (lane, model, job, options) => lane.attack(model, job, options),
    started: ({ id, model, job }) => startedMessage(id, model, job),
    queued: ({ job, elapsed }, position) => queuedMessage(position, job, elapsed()),
    stillAt: (message, { elapsed }) => stillAttacking(message, elapsed()),
    messages(event, { id, model, elapsed }) {
      switch (event.type) {
        case 'progress':
          return [progressMessage(event.progress)];
        case 'result':
          return resultMessages(event.result, model.input, gateway.pool);
        case 'summary':
          return [summaryMessage(id, event.summary, elapsed())];
      }
    },
  });
