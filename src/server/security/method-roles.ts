import type { Role } from './principal.js';

/**
 * The role that each method asks for, by service and method. A method that is not here is not served to anybody: a test holds this
 * against the services.
 */
const METHOD_ROLES: Readonly<Record<string, Readonly<Record<string, Role | 'anyone'>>>> = {
  'robustgate.v1.RobustnessService': {
    Predict: 'predict',
    Attack: 'attack',
    GradientNorm: 'attack',
    ListModels: 'predict',
    GetModel: 'predict',
  },
  'robustgate.v1.RunService': {
    GetRun: 'attack',
    ListRuns: 'attack',
    CancelRun: 'attack',
    WatchRun: 'attack',
  },
  'robustgate.v1.ProbeService': {
    ListProbes: 'probe',
    RunProbe: 'attack',
    ListProbeRuns: 'probe',
    GetProbeRun: 'probe',
    WatchProbeRuns: 'probe',
  },
  'inference.GRPCInferenceService': {
    ServerLive: 'anyone',
    ServerReady: 'anyone',
    ModelReady: 'predict',
    ServerMetadata: 'anyone',
    ModelMetadata: 'predict',
    ModelInfer: 'predict',
    ModelStreamInfer: 'predict',
    ModelConfig: 'predict',
    ModelStatistics: 'predict',
    RepositoryIndex: 'predict',
    RepositoryModelLoad: 'admin',
    RepositoryModelUnload: 'admin',
  },
};

/** @param path `/package.Service/Method` */
export function roleFor(path: string): Role | 'anyone' | undefined {
  const [, service = '', method = ''] = path.split('/');
  return METHOD_ROLES[service]?.[method];
}
