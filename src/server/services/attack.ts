import type { AttackRequest, AttackResponse } from '../../contract/robustgate/v1/attack.js';
import { type AttackEvent, type AttackJob, needsGradient } from '../../engine/index.js';
import type { CallContext } from '../grpc/call-context.js';
import type { StreamMessage } from '../grpc/handlers.js';
import { surrogateOf } from '../repository/surrogate-of.js';
import { ATTACK_CODEC } from '../runs/run-codec.js';
import {
  progressMessage,
  queuedMessage,
  resultMessages,
  specTextOf,
  startedMessage,
  stillAttacking,
  summaryMessage,
} from '../translate/attack-messages.js';
import { type AttackWish, readAttackWish } from '../translate/attack-request.js';
import { type GatewayContext, refOf } from './gateway-context.js';
import { type RunKind, shapesOf, streamRun } from './run-stream.js';

type AttackKind = RunKind<AttackWish, AttackJob, AttackEvent, AttackResponse>;

/** `Attack`: runs in the attack lane, and tells of it as it goes. */
export const attack = (
  request: AttackRequest,
  context: CallContext,
  gateway: GatewayContext,
): AsyncGenerator<StreamMessage<AttackResponse>, void, void> =>
  gateway.runs.serve(request, context, ATTACK_CODEC, (own, admitted) =>
    streamRun(request, own, gateway, attackKind(request, gateway), admitted),
  );

const attackKind = (request: AttackRequest, gateway: GatewayContext): AttackKind => ({
  name: 'attack',
  readWish: (model, labelled) => readAttackWish(request, model, labelled, gateway.config.limits),
  joined: (wish, inputs, model) => ({ ...wish, inputs, surrogate: surrogateOf(wish.spec, model) }),
  memory: (model, { spec, inputs, surrogate }) =>
    needsGradient(spec)
      ? [surrogate ?? refOf(model), { shapes: shapesOf(inputs), batchSize: spec.batchSize }]
      : undefined,
  specText: specTextOf,
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
