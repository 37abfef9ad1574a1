import type { PredictRequest, PredictResponse } from '../../contract/robustgate/v1/predict.js';
import type { CallContext } from '../grpc/call-context.js';
import { readExamples } from '../translate/examples.js';
import { predictJob, predictResponse, readPredictWish } from '../translate/predict-messages.js';
import { together } from '../translate/together.js';
import { type GatewayContext, refOf } from './gateway-context.js';
import { inServeLane } from './in-serve-lane.js';
import { requireServing } from './requirements.js';

/** `Predict`: runs the model in the serve lane. */
export async function predict(
  request: PredictRequest,
  context: CallContext,
  gateway: GatewayContext,
): Promise<PredictResponse> {
  requireServing(gateway);
  const { config, hosts, pool, predictions, repository } = gateway;
  const model = repository.acquire(request.modelName, request.modelVersion);
  try {
    const { info } = model;
    const place = predictions.enter();
    try {
      const [inputs, wish] = await together(
        () => readExamples(request.examples, { model: info, pool, limits: config.limits }),
        () => readPredictWish(request, info),
      );
      const job = predictJob(wish, inputs, info);
      const predictions = await inServeLane('predict', info, context, gateway, (options) =>
        hosts.serve.predict(refOf(info), job, options),
      );
      return predictResponse(info, predictions);
    } finally {
      place.leave();
    }
  } finally {
    model.release();
  }
}
