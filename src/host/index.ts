// The front door: what server/, lab/ and cli/ may import of the hosts.
export { usableCores } from './cpu-quota.js';
export { hostEnvironment } from './host-environment.js';
export { HOST_ENDS, type HostCall, type HostObserver } from './host-observer.js';
export type { CallOptions, Hosts, Lane, ModelRef } from './lanes.js';
export { readRaw, readTyped, writeRaw, writeTyped } from './open-inference/contents.js';
export { datatypeNamed, datatypeOf } from './open-inference/datatypes.js';
export { probeBackends, probeProviders } from './probe-providers.js';
export { type HostsOptions, PREDICT_BATCH, STREAM_BYTES, startHosts } from './start-hosts.js';
export type { LaneLimits } from './supervised-lane.js';
