import type { GradientNormRequest, GradientNormResponse } from '../../contract/robustgate/v1/gradient_norm.js';
import type { CallContext } from '../grpc/call-context.js';
import type { StreamMessage } from '../grpc/handlers.js';
import { labelledTasks, readExamples } from '../translate/examples.js';
import { eventMessage, queuedMessage, readGradientNormWish, startedMessage } from '../translate/gradient-messages.js';
import { together } from '../translate/together.js';
import { callOptions, type GatewayContext, refOf } from './gateway-context.js';
import { draining } from './predict.js';
import { requireTime, waitForPlace } from './run-stream.js';

/** `GradientNorm`: runs in the attack lane, and tells of it as it goes. */
export async function* gradientNorm(
  request: GradientNormRequest,
  context: CallContext,
  gateway: GatewayContext,
): AsyncGenerator<StreamMessage<GradientNormResponse>, void, void> {
  if (gateway.draining.aborted) throw draining();
  const { pool, config, hosts, repository } = gateway;
  const model = repository.acquire(request.modelName, request.modelVersion);
  try {
    const { info } = model;
    const [inputs, wish] = await together(
      () => readExamples(request.examples, { model: info, pool, limits: config.limits }),
      () => readGradientNormWish(request, info, labelledTasks(request.examples)),
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
      const events = hosts.attack.gradientNorm(refOf(info), job, callOptions(runId, context));
      for await (const event of events) yield eventMessage(runId, event, elapsed());
    } finally {
      place.leave();
    }
  } finally {
    model.release();
  }
}
