import type { RobustnessServiceServer } from '../../contract/robustgate/v1/robustness_service.js';
import { serverStreaming, unary } from '../grpc/handlers.js';
import type { LogError } from '../grpc/status.js';
import { attack } from './attack.js';
import type { GatewayContext } from './gateway-context.js';
import { gradientNorm } from './gradient-norm.js';
import { getModel, listModels } from './models.js';
import { predict } from './predict.js';

/** The methods of `RobustnessService`. */
export function robustnessService(gateway: GatewayContext): RobustnessServiceServer {
  const logError: LogError = (error) => gateway.log.error({ error }, 'internal error');
  const stallMs = gateway.config.limits.streamStallSeconds * 1000;
  return {
    predict: unary((request, context) => predict(request, context, gateway), logError),
    attack: serverStreaming((request, context) => attack(request, context, gateway), stallMs, logError),
    gradientNorm: serverStreaming((request, context) => gradientNorm(request, context, gateway), stallMs, logError),
    listModels: unary(async (request) => listModels(request, gateway), logError),
    getModel: unary(async (request) => getModel(request, gateway), logError),
  };
}
