import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { AttackRequest, AttackResponse } from '../../contract/robustgate/v1/attack.js';
import type { GradientNormRequest, GradientNormResponse } from '../../contract/robustgate/v1/gradient_norm.js';
import type {
  GetModelRequest,
  GetModelResponse,
  ListModelsRequest,
  ListModelsResponse,
} from '../../contract/robustgate/v1/model.js';
import type { PredictRequest, PredictResponse } from '../../contract/robustgate/v1/predict.js';
import type { RobustnessServiceServer } from '../../contract/robustgate/v1/robustness_service.js';
import { serverStreaming, unary } from '../grpc/handlers.js';
import { attack } from './attack.js';
import type { GatewayContext } from './gateway-context.js';
import { gradientNorm } from './gradient-norm.js';
import { handlerOptions } from './handler-options.js';
import { getModel, listModels } from './models.js';
import { predict } from './predict.js';

/** The methods of `RobustnessService`. */
export function robustnessService(gateway: GatewayContext): UntypedServiceImplementation {
  const options = handlerOptions(gateway);
  return {
    predict: unary<PredictRequest, PredictResponse>((request, context) => predict(request, context, gateway), options),
    attack: serverStreaming<AttackRequest, AttackResponse>(
      (request, context) => attack(request, context, gateway),
      options,
    ),
    gradientNorm: serverStreaming<GradientNormRequest, GradientNormResponse>(
      (request, context) => gradientNorm(request, context, gateway),
      options,
    ),
    listModels: unary<ListModelsRequest, ListModelsResponse>(async (request) => listModels(request, gateway), options),
    getModel: unary<GetModelRequest, GetModelResponse>(async (request) => getModel(request, gateway), options),
  } satisfies { readonly [Method in keyof RobustnessServiceServer]: unknown };
}
