import type { ModelInfo } from '../../engine/index.js';
import type { CallOptions, Hosts } from '../../host/index.js';
import type { Admission } from '../admission/admission.js';
import type { GatewayConfig } from '../config.js';
import type { CallContext } from '../grpc/call-context.js';
import type { OpenCalls } from '../grpc/open-calls.js';
import type { ImagePool } from '../images/image-pool.js';
import type { Logger } from '../logger.js';
import type { ProbeHistory } from '../probes/probe-history.js';
import type { Prober } from '../probes/prober.js';
import type { ModelRepository } from '../repository/repository.js';
import type { RunRegistry } from '../runs/run-registry.js';
import type { Authorize } from '../security/authorize.js';
import type { Quotas } from '../security/quotas.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** What the methods of the service work with. */
export interface GatewayContext {
  readonly config: GatewayConfig;
  readonly hosts: Hosts;
  readonly repository: ModelRepository;
  readonly pool: ImagePool;
  readonly attacks: Admission;
  readonly predictions: Admission;
  /** Calls that are being answered. */
  readonly calls: OpenCalls;
  readonly runs: RunRegistry;
  readonly prober: Prober;
  /** Finished runs of probes. */
  readonly probes: ProbeHistory;
  readonly log: Logger;
  readonly authorize: Authorize;
  readonly quotas: Quotas;
  readonly telemetry: Telemetry;
  /** Aborted when no new call is taken any more. */
  readonly draining: AbortSignal;
  /** A name for a run that no other run has, here or elsewhere. */
  newRunId(): string;
}

export const callOptions = (
  runId: string,
  { signal, deadlineMs, traceParent, principal }: CallContext,
): CallOptions => ({
  runId,
  principal: principal.name,
  deadlineMs,
  traceParent,
  signal,
});

export const refOf = ({ name, version }: ModelInfo): { name: string; version: string } => ({ name, version });
