// The front door: what cli/ may import of the server.
export { checkPaths } from './check-paths.js';
export { type GatewayConfig, gatewayConfigSchema, parseGatewayConfig, parseGatewayConfigText } from './config.js';
export type { Logger } from './logger.js';
export { type Gateway, startGateway } from './run.js';

export { metricDescriptions } from './telemetry/telemetry.js';
