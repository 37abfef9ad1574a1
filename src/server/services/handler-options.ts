import type { HandlerOptions } from '../grpc/handlers.js';
import type { GatewayContext } from './gateway-context.js';

/** What the methods of all our services have in common. */
export const handlerOptions = ({ calls, config, log, authorize, telemetry }: GatewayContext): HandlerOptions => ({
  calls,
  stallMs: config.limits.streamStallSeconds * 1000,
  logError: (error) => log.error({ error }, 'internal error'),
  authorize,
  observer: telemetry.calls,
});
