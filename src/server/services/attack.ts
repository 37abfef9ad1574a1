import type { AttackRequest, AttackResponse } from '../../contract/robustgate/v1/attack.js';
import type { CallContext } from '../grpc/call-context.js';
import type { StreamMessage } from '../grpc/handlers.js';
import {
  progressMessage,
  queuedMessage,
  resultMessages,
  startedMessage,
  summaryMessage,
} from '../translate/attack-messages.js';
import { readAttackWish } from '../translate/attack-request.js';
import { labelledTasks, readExamples } from '../translate/examples.js';
import { together } from '../translate/together.js';
import { callOptions, type GatewayContext, refOf } from './gateway-context.js';
import { draining } from './predict.js';
import { requireTime, waitForPlace } from './run-stream.js';

/** `Attack`: runs in the attack lane, and tells of it as it goes. */
export async function* attack(
  request: AttackRequest,
  context: CallContext,
  gateway: GatewayContext,
): AsyncGenerator<StreamMessage<AttackResponse>, void, void> {
  if (gateway.draining.aborted) throw draining();
  const { pool, config, hosts, repository } = gateway;
  const model = repository.acquire(request.modelName, request.modelVersion);
  try {
    const { info } = model;
    const [inputs, wish] = await together(
      () => readExamples(request.examples, { model: info, pool, limits: config.limits }),
      () => readAttackWish(request, info, labelledTasks(request.examples), config.limits),
    );
    const job = { ...wish, inputs };
    requireTime(context);
    const runId = gateway.newRunId();
    const startMs = performance.now();
    const elapsed = (): number => (performance.now() - startMs) / 1000;
    yield startedMessage(runId, info, job);
    const place = yield* waitForPlace(gateway, context, (position) => queuedMessage(position, job, elapsed()));
    try {
      requireTime(context);
      for await (const event of hosts.attack.attack(refOf(info), job, callOptions(runId, context))) {
        if (event.type === 'progress') yield progressMessage(event.progress);
        else if (event.type === 'result') yield* resultMessages(event.result, info.input, pool);
        else yield summaryMessage(runId, event.summary, elapsed());
      }
    } finally {
      place.leave();
    }
  } finally {
    model.release();
  }
}
