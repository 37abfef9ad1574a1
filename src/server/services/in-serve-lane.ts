import type { ModelInfo } from '../../engine/index.js';
import type { CallOptions } from '../../host/index.js';
import type { CallContext } from '../grpc/call-context.js';
import { callOptions, type GatewayContext } from './gateway-context.js';

/** Makes a call into the serve lane as a run of its own, which is measured, traced and logged. */
export async function inServeLane<T>(
  kind: 'predict' | 'infer',
  model: ModelInfo,
  context: CallContext,
  gateway: GatewayContext,
  work: (options: CallOptions) => Promise<T>,
): Promise<T> {
  const { traceParent } = context;
  const id = gateway.newRunId();
  const observed = gateway.telemetry.runs.begin({ id, kind, model, traceParent });
  try {
    const value = await work(callOptions(id, { ...context, traceParent: observed.traceParent }));
    observed.saw({ type: 'summary', summary: { terminatedBy: 'completed' } });
    return value;
  } catch (error) {
    observed.failed(error);
    throw error;
  } finally {
    observed.close();
  }
}
