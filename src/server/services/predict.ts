import type { PredictRequest, PredictResponse } from '../../contract/robustgate/v1/predict.js';
import { EngineError } from '../../engine/index.js';
import type { CallContext } from '../grpc/call-context.js';
import { readExamples } from '../translate/examples.js';
import { predictJob, predictResponse, readPredictWish } from '../translate/predict-messages.js';
import { together } from '../translate/together.js';
import { callOptions, type GatewayContext, refOf } from './gateway-context.js';

/** `Predict`: runs the model in the serve lane. */
export async function predict(
  request: PredictRequest,
  context: CallContext,
  gateway: GatewayContext,
): Promise<PredictResponse> {
  if (gateway.draining.aborted) throw draining();
  const model = gateway.repository.acquire(request.modelName, request.modelVersion);
  try {
    const { info } = model;
    const { limits } = gateway.config;
    const place = await gateway.predictions.enter(context.signal, { onPosition: () => undefined });
    try {
      const [inputs, wish] = await together(
        () => readExamples(request.examples, { model: info, pool: gateway.pool, limits }),
        () => readPredictWish(request, info),
      );
      const job = predictJob(wish, inputs, info);
      const options = callOptions(gateway.newRunId(), context);
      return predictResponse(info, await gateway.hosts.serve.predict(refOf(info), job, options));
    } finally {
      place.leave();
    }
  } finally {
    model.release();
  }
}

/** The error of a call that comes while the gateway ends. */
export const draining = (): EngineError =>
  new EngineError('DRAINING', 'expected a gateway that takes calls, got one that is shutting down', {
    retryAfterMs: 1000,
  });
