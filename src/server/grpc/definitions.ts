import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
// ts-proto appends `Service` to names that have it already.
import { ProbeServiceService } from '../../contract/robustgate/v1/probe_service.js';
import { RobustnessServiceService } from '../../contract/robustgate/v1/robustness_service.js';
import { RunServiceService } from '../../contract/robustgate/v1/run_service.js';

/** A request, or why its bytes are none. */
export type Received<Request> = ({ readonly request: Request } | { readonly malformed: unknown }) & {
  /** What it was on the wire. */
  readonly sizeBytes: number;
};

export const robustnessServiceDefinition = (): ServiceDefinition => tolerant(RobustnessServiceService);

export const runServiceDefinition = (): ServiceDefinition => tolerant(RunServiceService);

export const probeServiceDefinition = (): ServiceDefinition => tolerant(ProbeServiceService);

/**
 * A service of which what cannot be decoded reaches the handlers as such, because grpc-js itself would call it INTERNAL, which is an
 * error of ours and not of the client.
 */
export const tolerant = (service: Readonly<Record<string, object>>): ServiceDefinition =>
  Object.fromEntries(
    Object.entries(service).map(([name, method]) => {
      const { requestDeserialize } = method as MethodDefinition<unknown, unknown>;
      return [name, { ...method, requestDeserialize: (bytes: Buffer) => received(bytes, requestDeserialize) }];
    }),
  ) as ServiceDefinition;

function received(bytes: Buffer, decode: (bytes: Buffer) => unknown): Received<unknown> {
  const { length: sizeBytes } = bytes;
  try {
    return { request: decode(bytes), sizeBytes };
  } catch (malformed) {
    return { malformed, sizeBytes };
  }
}
